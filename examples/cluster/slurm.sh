#!/bin/bash
# 16 parts of one run, by Slurm, from the container (docs/scaling.md): sbatch examples/cluster/slurm.sh <clips> <out>
# Before: podman save --format oci-archive -o glpose.oci glpose && apptainer build glpose.sif oci-archive:glpose.oci
# The model comes as one file, hrnet-w48.tar of `glpose models pack`, and is unpacked to the node's own disk.
# The container was not tried; the array without it was.
#SBATCH --array=1-16
#SBATCH --requeue
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
set -euo pipefail
clips=$(realpath "$1") out=$(realpath -m "$2")
local_disk=$(mktemp -d)
trap 'rm -rf "$local_disk"' EXIT
glpose() { apptainer run --bind "$clips,$(dirname "$out"),$local_disk" "$SLURM_SUBMIT_DIR/glpose.sif" "$@"; }
glpose models unpack "$SLURM_SUBMIT_DIR/hrnet-w48.tar" -o "$local_disk/hrnet-w48"
glpose infer "$clips" -o "$out" --model "$local_disk/hrnet-w48" --shard auto --threads "$SLURM_CPUS_PER_TASK"
