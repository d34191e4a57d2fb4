#!/bin/bash
# Stand-in for NixOS' stage 1: hands over to the init= of the kernel's command line.
mount -t proc proc /proc
for word in $(< /proc/cmdline); do
    case $word in init=*) init=${word#init=} ;; esac
done
exec "$init" # without it process 1 ends, and the kernel panics
