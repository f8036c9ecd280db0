# Starts processes and looks at them in /proc: prints what must be the same wherever Linux is.
# Usage: sh processes.sh BUSYBOX DIRECTORY (which it makes and removes)
B=$1
$B rm -rf $2
$B mkdir $2
cd $2
ln -s $B sleep
printf '#!%s sh\nread x\n' $B >reader
chmod +x reader
$B mkfifo fifo
./sleep 1000 &
a=$!
./reader <>fifo &
b=$!
(while :; do :; done) &
c=$!
until [ "$($B cat /proc/$a/comm) $($B cat /proc/$b/comm)" = 'sleep reader' ]; do :; done
$B sleep 0.2

echo "all of ps, then of pidof:"
$B ps -o pid,ppid,stat,comm,args | $B awk -v a=$a -v b=$b -v c=$c -v self=$$ '
    $1 == a || $1 == b || $1 == c {
        $1 = $1 == a ? "A" : $1 == b ? "B" : "C"
        $2 = $2 == self ? "SELF" : $2
        $3 = $3 == "R" ? "S" : $3
        print
    }'
$B pidof sleep | $B tr ' ' '\n' | $B grep -c "^$a$"
$B pidof reader | $B tr ' ' '\n' | $B grep -c "^$b$"
$B ls /proc | $B grep -xc -e $a -e $b -e $c -e $$ -e self -e meminfo

for each in $a $b $c $$; do
    echo "$($B cut -d' ' -f2 /proc/$each/stat) $($B tr '\0' ' ' </proc/$each/cmdline)"
    case $($B cut -d' ' -f4 /proc/$each/stat) in
        $$ | $PPID) echo parent ;;
    esac
    $B grep -E '^(Name|Threads|SigBlk):' /proc/$each/status
    $B readlink /proc/$each/exe
    $B readlink /proc/$each/cwd
    $B cat /proc/$each/comm
    [ "$(echo /proc/$each/task/*)" = /proc/$each/task/$each ] && $B cat /proc/$each/task/$each/comm
    [ -d /proc/$each/fd ] && [ -e /proc/$each/fd/1 ] && [ -r /proc/$each/maps ] && echo files
    cd /proc/$each
    pwd | $B sed "s/$each/N/"
    $B cat comm
    [ $($B cut -d' ' -f1 stat) = $each ] && echo relative
    cd "$OLDPWD"
done

kill -STOP $a
until $B grep -q 'State:.T (stopped)' /proc/$a/status; do :; done
kill -CONT $a
until $B grep -q 'State:.S (sleeping)' /proc/$a/status; do :; done
$B killall reader
wait $b
echo $?
kill $c $a
wait $c
echo $?
wait $a
echo $?
$B ls -d /proc/$a || echo gone
$B env -i A=1 B=2 $B cat /proc/self/environ | $B tr '\0' '\n'
$B rm -r $2
