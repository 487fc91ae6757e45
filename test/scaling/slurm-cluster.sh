#!/usr/bin/env bash
# A real Slurm cluster on this one machine, for tests: munge for authentication, one controller, several node daemons, all with
# their files in one folder and on ports of their own, so that a Slurm which is already here is not touched.
#
#   slurm-cluster.sh start <folder> [nodes]   then: export SLURM_CONF=<folder>/slurm.conf
#   slurm-cluster.sh stop <folder>
#
# Needs root, Debian's slurm-wlm and munge (apt-get install slurm-wlm munge).
set -euo pipefail
fail() { echo "slurm-cluster: $*" >&2; exit 1; }

start() {
  local folder=$1 nodes=$2 cpus port
  for program in munged mungekey slurmctld slurmd sinfo; do
    command -v "$program" >/dev/null || fail "$program is not installed: apt-get install slurm-wlm munge"
  done
  [ "$(id -u)" = 0 ] || fail 'the daemons need root'
  mkdir -p "$folder"/{state,log,pid}
  chmod 755 "$folder"
  folder=$(cd "$folder" && pwd)
  cpus=$(nproc)
  port=$((20000 + RANDOM % 20000))

  # munged insists on a socket folder that nobody else writes, and on keeping its key to itself.
  mkdir -p -m 755 "$folder/munge"
  mungekey --create --keyfile="$folder/munge/key"
  munged --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" --force 2>>"$folder/log/munged"

  cat >"$folder/slurm.conf" <<CONF
ClusterName=glpose
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/state/%n
SlurmctldPidFile=$folder/pid/slurmctld
SlurmdPidFile=$folder/pid/%n
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/completed
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=requeue_setup_env_fail
JobRequeue=1
ReturnToService=2
KillWait=2
MinJobAge=3600
InactiveLimit=0
SlurmdTimeout=60
NodeName=node[1-$nodes] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus
PartitionName=videos Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF

  export SLURM_CONF=$folder/slurm.conf
  slurmctld
  for ((i = 1; i <= nodes; i++)); do
    mkdir -p "$folder/state/node$i"
    slurmd -N "node$i"
  done
  for ((tries = 0; tries < 60; tries++)); do
    [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = "$nodes" ] && return
    sleep 0.5
  done
  sinfo -N -l >&2 || true
  tail -n 5 "$folder"/log/* >&2
  stop "$folder"
  fail "not all of the $nodes nodes came up"
}

stop() {
  local folder=$1 pid
  export SLURM_CONF=$folder/slurm.conf
  scancel --user root --quiet 2>/dev/null || true
  for pid in "$folder"/pid/node* "$folder/pid/slurmctld" "$folder/munge/pid"; do
    [ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true
  done
}

case ${1:-} in
  start) start "${2:?a folder}" "${3:-3}" ;;
  stop) stop "${2:?the folder}" ;;
  *) fail 'start <folder> [nodes] | stop <folder>' ;;
esac
