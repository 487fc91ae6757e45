#!/usr/bin/env bash
# A Slurm array of `glpose infer --shard auto` over short clips: one task is killed while it works and requeued; the results must
# be those of one process, byte for byte.
#
#   slurm-array.sh <folder>     with SLURM_CONF of a running cluster (slurm-cluster.sh); <folder> must not exist
set -euo pipefail
folder=${1:?a new folder}
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir "$folder"
folder=$(cd "$folder" && pwd)
clips=6 shards=3

mkdir "$folder/clips"
for ((i = 0; i < clips; i++)); do
  ffmpeg -v error -ss "0.$i" -i "$root/samples/walking.mp4" -frames:v $((6 + i)) "$folder/clips/clip$i.mp4"
done
node "$root/bin/glpose.js" infer "$folder/clips" -o "$folder/one" --threads 1 >"$folder/one.log" 2>&1

cat >"$folder/task.sh" <<TASK
#!/bin/bash
echo \$\$ >"$folder/pid-\$SLURM_ARRAY_TASK_ID"
exec node "$root/bin/glpose.js" infer "$folder/clips" -o "$folder/array" --shard auto --threads 1
TASK
job=$(sbatch --parsable --array=1-$shards --requeue --open-mode=append -o "$folder/task-%a.log" "$folder/task.sh")

# The first task is killed as soon as its record says that it has begun and before it says that it has ended.
record=$folder/array/run-1-of-$shards.json
for ((tries = 0; tries < 600; tries++)); do [ -s "$record" ] && break; sleep 0.1; done
grep -q '"seconds": null' "$record" || { echo 'the task was over before it could be killed' >&2; exit 1; }
kill -KILL "$(cat "$folder/pid-1")" # the batch script became glpose itself
for ((tries = 0; tries < 100; tries++)); do
  state=$(scontrol -o show job "${job}_1")
  [[ $state == *JobState=FAILED* ]] && break
  sleep 0.2
done
[[ $state == *ExitCode=0:9* ]] || { echo "task 1 was not killed: $state" >&2; exit 1; }
status=$(node "$root/bin/glpose.js" status "$folder/array") && { echo 'a killed task counts as done' >&2; exit 1; }
grep -q "^1/$shards .*begun, not ended" <<<"$status" || { echo "the killed task is not told: $status" >&2; exit 1; }
scontrol requeue "${job}_1"
for ((tries = 0; tries < 600; tries++)); do
  [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
  state=$(scontrol -o show job "${job}_1")
  [[ $state == *Reason=BeginTime* ]] && scontrol update "JobId=${job}_1" StartTime=now 2>/dev/null || true
  sleep 0.5
done

state=$(scontrol -o show job "${job}_1")
[[ $state == *JobState=COMPLETED* && $state == *Restarts=1* ]] || { echo "task 1: $state" >&2; exit 1; }
node "$root/bin/glpose.js" status "$folder/array" # fails where anything is left
diff -r "$folder/one/posetrack18" "$folder/array/posetrack18"
! find "$folder/array" -name '*.partial' | grep . || { echo 'temporary files are left' >&2; exit 1; }
echo "$clips clips, $shards tasks, task 1 killed and requeued: the same bytes as one process"
