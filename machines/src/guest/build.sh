#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build.sh <output dir>: builds embedded.img and embedded.img.build. Needs gcc and binutils on an
# x86-64 Linux host; the same sources and compiler give the same bytes, wherever they lie.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build.sh <output dir>" >&2
    exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
guest=$(cd "$(dirname "$0")" && pwd)
# STRADDLE_GUEST_WORK=<dir> keeps the objects, for disassembly and for blobrun.
if [ -n "${STRADDLE_GUEST_WORK:-}" ]; then
    mkdir -p "$STRADDLE_GUEST_WORK"
    work=$(cd "$STRADDLE_GUEST_WORK" && pwd)
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
cd "$work"
export LC_ALL=C

common="-std=gnu11 -O2 -Wall -Wextra -Werror -march=x86-64 -mtune=generic -ffreestanding -fno-builtin
 -fno-stack-protector -fcf-protection=none -mno-red-zone -fno-asynchronous-unwind-tables -fno-ident
 -fno-tree-vectorize -fno-tree-slp-vectorize -fno-tree-loop-distribute-patterns -fno-strict-aliasing
 -frandom-seed=straddle -Wa,--fatal-warnings"
blob="-fpie -fvisibility=hidden -ffp-contract=off -fno-math-errno"
kernel="-fno-pie -mcmodel=small -mgeneral-regs-only"
link="-static -nostdlib --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments"

objects=

# compile <source> <flags>: adds to $objects
compile() {
    source=$1 object=$(echo "$1" | tr / -).o
    shift
    gcc $common "$@" "-I$guest" "-ffile-prefix-map=$guest=." -c "$guest/$source" -o "$object"
    objects="$objects $object"
}

for name in start.S run.c integer.c memory.c system.c; do
    compile "user/$name" $blob -mgeneral-regs-only
done
compile user/floating.c $blob -msse2
ld $link -T "$guest"/user/blob.ld $objects -o blob.elf
objcopy -O binary -j .blob blob.elf blob.bin

gcc -std=gnu11 -O2 -Wall -Wextra -Werror "-I$guest" "$guest/tools/blobrun.c" -o blobrun
gcc -std=gnu11 -O2 -Wall -Wextra -Werror "-I$guest" "$guest/tools/mkimage.c" -o mkimage
./blobrun check blob.bin

objects=
for name in boot.S trap.S main.c serial.c paging.c interrupts.c phases.c hooks.c; do
    compile "kernel/$name" $kernel
done
ld $link -T "$guest"/kernel/kernel.ld $objects -o kernel.elf
objcopy -O binary -j .image kernel.elf flat.bin
./mkimage flat.bin "$out/embedded.img"

{
    echo "Built by machines/src/guest/build.sh; not to be edited."
    echo
    echo "gcc:    $(gcc --version | head -n 1)"
    echo "ld:     $(ld --version | head -n 1)"
    echo "common:" $common
    echo "blob:   $blob, floating.c -msse2, others -mgeneral-regs-only"
    echo "kernel: $kernel"
    echo "link:   $link"
    echo "size:   $(wc -c < "$out/embedded.img")"
    echo "sha256: $(sha256sum < "$out/embedded.img" | cut -d ' ' -f 1)"
} > "$out/embedded.img.build"
