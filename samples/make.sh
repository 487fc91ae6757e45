#!/bin/sh
# Makes walking.mp4 again from the vtest.avi of Debian's package opencv-doc (see README.md for origin and terms).
# usage: samples/make.sh [vtest.avi]      needs ffmpeg with libx264
set -eu
source=${1:-/usr/share/doc/opencv-doc/examples/data/vtest.avi}
# Frames 550–597: 4.8 s in which six to seven people are in the scene, two of them near the camera.
ffmpeg -v error -y -i "$source" \
  -vf "select='between(n,550,597)',setpts=N/10/TB" -an -r 10 \
  -c:v libx264 -preset veryslow -crf 21 -pix_fmt yuv420p -threads 1 -fflags +bitexact -flags:v +bitexact \
  -map_metadata -1 -movflags +faststart \
  "$(dirname "$0")/walking.mp4"
