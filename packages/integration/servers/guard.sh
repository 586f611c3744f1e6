#!/bin/sh
# guard.sh FOLDER   The lab's last will, started beside its servers (src/guard.ts).
#
# Reads "start GROUP" and "stop GROUP" lines (process group ids) and "quit". The test runner holds the other end of the
# pipe: when it ends in whatever way, kill -9 included, the kernel closes the pipe, reading ends, and the process groups
# that still run are killed and the lab's folder is deleted.
groups=' '
while read -r word group; do
  case $word in
    start) groups="$groups$group " ;;
    stop) groups="${groups%% $group *} ${groups#* $group }" ;;
    quit) break ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group" 2>/dev/null
done
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; } # a dying server may still be writing
