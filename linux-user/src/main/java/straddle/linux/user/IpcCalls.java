package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import straddle.core.user.BadAddressException;
import straddle.core.user.Mapping;
import straddle.core.user.SharedPages;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// System V IPC: shared memory, semaphores and messages, among the processes of a run.
final class IpcCalls implements SystemCalls.Handler {
    /// The largest value of a semaphore.
    static final int SEMVMX = 32767;

    private static final long PAGE = UserMemory.PAGE_BYTES;
    private static final int IPC_CREAT = 01000;
    private static final int IPC_EXCL = 02000;
    private static final int IPC_NOWAIT = 04000;
    private static final int IPC_64 = 0x100;
    private static final int IPC_RMID = 0;
    private static final int IPC_SET = 1;
    private static final int IPC_STAT = 2;
    private static final int READ = 4;
    private static final int WRITE = 2;

    private static final int SHM_RDONLY = 010000;
    private static final int SHM_RND = 020000;
    private static final int SHM_REMAP = 040000;
    private static final int SHM_EXEC = 0100000;
    private static final int SHM_DEST = 01000;
    private static final int SHM_LOCK = 11;
    private static final int SHM_UNLOCK = 12;
    private static final long LOWEST = 0x1_0000;

    private static final int SEM_UNDO = 0x1000;
    private static final int GETPID = 11;
    private static final int GETVAL = 12;
    private static final int GETALL = 13;
    private static final int GETNCNT = 14;
    private static final int GETZCNT = 15;
    private static final int SETVAL = 16;
    private static final int SETALL = 17;
    private static final int SEMMSL = 32000;
    private static final int SEMOPM = 500;
    private static final int SEMBUF_BYTES = 6;

    private static final int MSG_NOERROR = 010000;
    private static final int MSG_EXCEPT = 020000;
    private static final int MSGMAX = 8192;
    private static final int MOST_QUEUE_BYTES = 1 << 20;

    private final Kernel kernel;
    private final SystemV all;

    IpcCalls(Kernel kernel) {
        this.kernel = kernel;
        all = kernel.systemV;
    }

    /// A new object's rights, as those of another kind are made of.
    private static final class Asked extends SystemV.Thing {
        Asked(int key, int flags) {
            super(key, flags, id(HostCall.GETEUID), id(HostCall.GETEGID));
        }
    }

    private static int id(int call) {
        return (int) LinuxCall.syscall(call, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        return switch (call) {
            case IPC -> multiplexed(t, a);
            case SHMGET -> shmget(t, (int) a[0], a[1], (int) a[2]);
            case SHMAT -> shmat(t, (int) a[0], a[1], (int) a[2]);
            case SHMDT -> shmdt(t, a[0]);
            case SHMCTL -> shmctl(t, (int) a[0], (int) a[1] & ~IPC_64, a[2]);
            case SEMGET -> semget((int) a[0], (int) a[1], (int) a[2]);
            case SEMOP -> semop(t, (int) a[0], a[1], a[2], Long.MAX_VALUE);
            case SEMTIMEDOP, SEMTIMEDOP_TIME64 ->
                    semop(
                            t,
                            (int) a[0],
                            a[1],
                            a[2],
                            TimeCalls.deadline(t, a[3], call == SystemCall.SEMTIMEDOP_TIME64));
            case SEMCTL -> semctl(t, (int) a[0], (int) a[1], (int) a[2] & ~IPC_64, a[3]);
            case MSGGET -> msgget((int) a[0], (int) a[1]);
            case MSGSND -> msgsnd(t, (int) a[0], a[1], a[2], (int) a[3]);
            case MSGRCV -> msgrcv(t, (int) a[0], a[1], a[2], a[3], (int) a[4]);
            case MSGCTL -> msgctl(t, (int) a[0], (int) a[1] & ~IPC_64, a[2]);
            default -> throw new IllegalStateException(call.linuxName());
        };
    }

    /// ipc(2), which is all of them.
    private long multiplexed(GuestThread t, long[] a) throws BadAddressException {
        UserMemory memory = t.memory();
        int which = (int) a[0] & 0xffff;
        int version = (int) a[0] >>> 16;
        int first = (int) a[1];
        int third = (int) a[3];
        long pointer = a[4];
        switch (which) {
            case 1 -> {
                return semop(t, first, pointer, a[2], Long.MAX_VALUE);
            }
            case 2 -> {
                return semget(first, (int) a[2], third);
            }
            case 3 -> {
                long argument = memory.get(pointer, 4);
                return semctl(t, first, (int) a[2], third & ~IPC_64, argument);
            }
            case 4 -> {
                return semop(t, first, pointer, a[2], TimeCalls.deadline(t, a[5], false));
            }
            case 11 -> {
                return msgsnd(t, first, pointer, a[2], third);
            }
            case 12 -> {
                if (version != 0) {
                    int type = (int) a[5];
                    return msgrcv(t, first, pointer, a[2], type, third);
                }
                long buffer = memory.get(pointer, 4);
                int type = (int) memory.get(pointer + 4, 4);
                return msgrcv(t, first, buffer, a[2], type, third);
            }
            case 13 -> {
                return msgget(first, (int) a[2]);
            }
            case 14 -> {
                return msgctl(t, first, (int) a[2] & ~IPC_64, pointer);
            }
            case 21 -> {
                long at = shmat(t, first, pointer, (int) a[2]);
                if (GuestAbi.isError(at)) {
                    return at;
                }
                memory.put(a[3], 4, at);
                return 0;
            }
            case 22 -> {
                return shmdt(t, pointer);
            }
            case 23 -> {
                return shmget(t, first, a[2], third);
            }
            case 24 -> {
                return shmctl(t, first, (int) a[2] & ~IPC_64, pointer);
            }
            default -> {
                return -ENOSYS;
            }
        }
    }

    // ---- what all kinds have

    private static boolean mayNot(SystemV.Thing thing, int access) {
        return (thing.mode >>> 6 & access) != access && id(HostCall.GETEUID) != 0;
    }

    /// An object that a key names, or an error; null if one is to be made.
    private static <T extends SystemV.Thing> Long existing(
            SystemV.Table<T> table, int key, int flags) {
        T there = key == 0 ? null : table.named(key);
        if (there == null) {
            if (key != 0 && (flags & IPC_CREAT) == 0) {
                return (long) -ENOENT;
            }
            return table.isFull() ? (long) -ENOSPC : null;
        }
        if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) {
            return (long) -EEXIST;
        }
        int access = flags >>> 6 & 7 | flags >>> 3 & 7 | flags & 7;
        return mayNot(there, access) ? (long) -EACCES : null;
    }

    private static long set(GuestThread t, SystemV.Thing thing, long from)
            throws BadAddressException {
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(from, 24));
        int user = id(HostCall.GETEUID);
        if (user != 0 && user != thing.owner && user != thing.creator) {
            return -EPERM;
        }
        thing.owner = b.getInt(4);
        thing.ownerGroup = b.getInt(8);
        thing.mode = b.getInt(20) & 0777;
        thing.changed = SystemV.now();
        return 0;
    }

    // ---- shared memory

    private long shmget(GuestThread t, int key, long bytes, int flags) {
        synchronized (all) {
            Long answer = existing(all.segments, key, flags);
            if (answer != null) {
                return answer;
            }
            SystemV.Segment there = key == 0 ? null : all.segments.named(key);
            if (there != null) {
                return (bytes ^ Long.MIN_VALUE) > (there.bytes ^ Long.MIN_VALUE)
                        ? -EINVAL
                        : there.id;
            }
            if (bytes <= 0 || bytes > t.memory().limit()) {
                return -EINVAL;
            }
            if (bytes > kernel.options.memoryBytes()) {
                return -ENOMEM;
            }
            long rounded = bytes + PAGE - 1 & -PAGE;
            String shown = "00:01 0 /SYSV%08x (deleted)".formatted(key);
            SharedPages pages = new SharedPages(kernel.frames, rounded, shown);
            Asked asked = new Asked(key, flags);
            return all.segments.add(new SystemV.Segment(asked, bytes, pages, t.process.pid));
        }
    }

    /// How often a segment is attached: a piece of it that begins with its first page.
    private int attachments(SystemV.Segment segment) {
        int count = 0;
        Set<UserMemory> seen = new HashSet<>();
        for (GuestProcess each : kernel.processes.values()) {
            UserMemory memory = each.memory();
            if (seen.add(memory)) {
                for (Mapping mapping : memory.mappings()) {
                    boolean begins = mapping.source() == segment.pages && mapping.offset() == 0;
                    count += begins ? 1 : 0;
                }
            }
        }
        return count;
    }

    /// One that is removed stays as long as it is attached; null if there is none.
    private SystemV.Segment segment(int id) {
        SystemV.Segment segment = all.segments.get(id);
        if (segment != null && segment.removed && attachments(segment) == 0) {
            all.segments.remove(segment);
            return null;
        }
        return segment;
    }

    private long shmat(GuestThread t, int id, long address, int flags) {
        UserMemory memory = t.memory();
        ProgramMemory program = t.process.program;
        synchronized (program) {
            synchronized (all) {
                SystemV.Segment segment = segment(id);
                if (segment == null) {
                    return -EINVAL;
                }
                boolean readOnly = (flags & SHM_RDONLY) != 0;
                if (mayNot(segment, readOnly ? READ : READ | WRITE)) {
                    return -EACCES;
                }
                long length = segment.bytes + PAGE - 1 & -PAGE;
                long at = (flags & SHM_RND) != 0 ? address & -PAGE : address;
                boolean replaces = (flags & SHM_REMAP) != 0;
                if (address == 0) {
                    if (replaces) {
                        return -EINVAL;
                    }
                    at = memory.findFree(t.process.abi.mmapTop(), LOWEST, length);
                    if (at < 0) {
                        return -ENOMEM;
                    }
                } else if ((at & PAGE - 1) != 0
                        || at < LOWEST
                        || at >= memory.limit()
                        || length > memory.limit() - at
                        || !replaces && !memory.isFree(at, length)) {
                    return -EINVAL;
                }
                if (!kernel.mayMap(t.process, length)) {
                    return -ENOMEM;
                }
                int rights = UserMemory.READ | (readOnly ? 0 : UserMemory.WRITE);
                rights |= (flags & SHM_EXEC) != 0 ? UserMemory.EXEC : 0;
                segment.pages.retain();
                memory.map(at, length, rights, true, segment.pages, 0, "");
                segment.attached = SystemV.now();
                segment.lastProcess = t.process.pid;
                return at;
            }
        }
    }

    private long shmdt(GuestThread t, long address) {
        UserMemory memory = t.memory();
        ProgramMemory program = t.process.program;
        synchronized (program) {
            synchronized (all) {
                Mapping first = memory.mappingAt(address);
                SystemV.Segment segment = null;
                for (SystemV.Segment each : all.segments.all()) {
                    boolean is = first != null && first.source() == each.pages;
                    segment = is ? each : segment;
                }
                if (segment == null || first.start() != address || first.offset() != 0) {
                    return -EINVAL;
                }
                for (Mapping each : memory.mappings()) {
                    if (each.source() == segment.pages && each.start() - each.offset() == address) {
                        memory.unmap(each.start(), each.end() - each.start());
                    }
                }
                segment.detached = SystemV.now();
                segment.lastProcess = t.process.pid;
                segment(segment.id);
                return 0;
            }
        }
    }

    private long shmctl(GuestThread t, int id, int command, long at) throws BadAddressException {
        synchronized (all) {
            SystemV.Segment segment = segment(id);
            if (segment == null) {
                return -EINVAL;
            }
            switch (command) {
                case IPC_RMID -> {
                    if (!segment.removed) {
                        segment.removed = true;
                        segment.mode |= SHM_DEST;
                        segment.pages.release();
                        segment(id);
                    }
                    return 0;
                }
                case IPC_SET -> {
                    return set(t, segment, at);
                }
                case IPC_STAT -> {
                    if (mayNot(segment, READ)) {
                        return -EACCES;
                    }
                    t.memory().put(at, t.process.abi.segment(segment, attachments(segment)));
                    return 0;
                }
                case SHM_LOCK, SHM_UNLOCK -> {
                    return 0;
                }
                default -> {
                    return -EINVAL;
                }
            }
        }
    }

    // ---- semaphores

    private long semget(int key, int count, int flags) {
        synchronized (all) {
            Long answer = existing(all.sets, key, flags);
            if (answer != null) {
                return answer;
            }
            if (count < 0 || count > SEMMSL) {
                return -EINVAL;
            }
            SystemV.Semaphores there = key == 0 ? null : all.sets.named(key);
            if (there != null) {
                return count > there.values.length ? -EINVAL : there.id;
            }
            if (count == 0) {
                return -EINVAL;
            }
            if (!all.mayHaveSemaphores(count)) {
                return -ENOSPC;
            }
            return all.sets.add(new SystemV.Semaphores(new Asked(key, flags), count));
        }
    }

    private record Operation(int number, int change, int flags) {}

    private long semop(GuestThread t, int id, long at, long count, long deadline)
            throws BadAddressException {
        if (count <= 0) {
            return -EINVAL;
        }
        if (count > SEMOPM) {
            return -E2BIG;
        }
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(at, (int) count * SEMBUF_BYTES));
        Operation[] operations = new Operation[(int) count];
        int highest = 0;
        int access = READ;
        for (int i = 0; i < count; i++) {
            int number = Short.toUnsignedInt(b.getShort());
            operations[i] = new Operation(number, b.getShort(), b.getShort());
            highest = Math.max(highest, number);
            access |= operations[i].change != 0 ? WRITE : 0;
        }
        SystemV.Semaphores set;
        synchronized (all) {
            set = all.sets.get(id);
            if (set == null) {
                return -EINVAL;
            }
            if (highest >= set.values.length) {
                return -EFBIG;
            }
            if (mayNot(set, access)) {
                return -EACCES;
            }
            set.waits(t);
        }
        long[] result = new long[1];
        int waited =
                t.await(
                        () -> {
                            synchronized (all) {
                                result[0] = set.removed ? -EIDRM : attempt(t, set, operations);
                                return result[0] != WOULD_WAIT;
                            }
                        },
                        deadline);
        synchronized (all) {
            set.waitsNoMore(t);
            set.waitingFor.remove(t);
        }
        return waited == 0 ? result[0] : waited == -ETIMEDOUT ? -EAGAIN : -EINTR;
    }

    private static final long WOULD_WAIT = 1;

    /// All or nothing.
    private static long attempt(GuestThread t, SystemV.Semaphores set, Operation[] operations) {
        int[] next = set.values.clone();
        for (Operation each : operations) {
            int value = next[each.number];
            boolean waits = each.change == 0 ? value != 0 : value + each.change < 0;
            if (waits) {
                if ((each.flags & IPC_NOWAIT) != 0) {
                    return -EAGAIN;
                }
                set.waitingFor.put(t, each.change == 0 ? -1 - each.number : each.number);
                return WOULD_WAIT;
            }
            if (value + each.change > SEMVMX) {
                return -ERANGE;
            }
            next[each.number] = value + each.change;
        }
        System.arraycopy(next, 0, set.values, 0, next.length);
        for (Operation each : operations) {
            set.processes[each.number] = t.process.pid;
            if ((each.flags & SEM_UNDO) != 0 && each.change != 0) {
                int[] undo = set.undo.computeIfAbsent(t.process, _ -> new int[next.length]);
                undo[each.number] -= each.change;
            }
        }
        set.operated = SystemV.now();
        set.wake();
        return 0;
    }

    private long semctl(GuestThread t, int id, int number, int command, long argument)
            throws BadAddressException {
        synchronized (all) {
            SystemV.Semaphores set = all.sets.get(id);
            if (set == null) {
                return -EINVAL;
            }
            boolean changes = command == SETVAL || command == SETALL;
            boolean asks = command == IPC_STAT || command >= GETPID && command <= GETZCNT;
            if (changes && mayNot(set, WRITE) || asks && mayNot(set, READ)) {
                return -EACCES;
            }
            boolean isOne =
                    switch (command) {
                        case GETPID, GETVAL, GETNCNT, GETZCNT, SETVAL -> true;
                        default -> false;
                    };
            if (isOne && (number < 0 || number >= set.values.length)) {
                return -EINVAL;
            }
            return switch (command) {
                case IPC_RMID -> {
                    all.sets.remove(set);
                    yield 0;
                }
                case IPC_SET -> set(t, set, argument);
                case IPC_STAT -> {
                    t.memory().put(argument, t.process.abi.semaphores(set));
                    yield 0;
                }
                case GETPID -> set.processes[number];
                case GETVAL -> set.values[number];
                case GETNCNT -> waiting(set, number);
                case GETZCNT -> waiting(set, -1 - number);
                case GETALL -> {
                    ByteBuffer b = t.process.abi.buffer(2 * set.values.length);
                    for (int value : set.values) {
                        b.putShort((short) value);
                    }
                    t.memory().put(argument, GuestAbi.bytes(b));
                    yield 0;
                }
                case SETVAL -> setValue(t, set, number, (int) argument);
                case SETALL -> setAll(t, set, argument);
                default -> -EINVAL;
            };
        }
    }

    private static int waiting(SystemV.Semaphores set, int forWhat) {
        int count = 0;
        for (int each : set.waitingFor.values()) {
            count += each == forWhat ? 1 : 0;
        }
        return count;
    }

    private static long setValue(GuestThread t, SystemV.Semaphores set, int number, int value) {
        if (value < 0 || value > SEMVMX) {
            return -ERANGE;
        }
        set.values[number] = value;
        set.processes[number] = t.process.pid;
        set.undo.values().forEach(each -> each[number] = 0);
        set.changed = SystemV.now();
        set.wake();
        return 0;
    }

    private static long setAll(GuestThread t, SystemV.Semaphores set, long from)
            throws BadAddressException {
        int count = set.values.length;
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(from, 2 * count));
        for (int i = 0; i < count; i++) {
            if (Short.toUnsignedInt(b.getShort(2 * i)) > SEMVMX) {
                return -ERANGE;
            }
        }
        for (int i = 0; i < count; i++) {
            setValue(t, set, i, b.getShort(2 * i));
        }
        return 0;
    }

    // ---- messages

    private long msgget(int key, int flags) {
        synchronized (all) {
            Long answer = existing(all.queues, key, flags);
            if (answer != null) {
                return answer;
            }
            SystemV.Queue there = key == 0 ? null : all.queues.named(key);
            return there != null
                    ? there.id
                    : all.queues.add(new SystemV.Queue(new Asked(key, flags)));
        }
    }

    private long msgsnd(GuestThread t, int id, long at, long bytes, int flags)
            throws BadAddressException {
        int w = t.process.abi.wordBytes();
        if (bytes < 0 || bytes > MSGMAX) {
            return -EINVAL;
        }
        ByteBuffer b = t.process.abi.buffer(t.memory().bytes(at, w + (int) bytes));
        long type = w == 8 ? b.getLong(0) : b.getInt(0);
        if (type < 1) {
            return -EINVAL;
        }
        byte[] text = new byte[(int) bytes];
        b.get(w, text);
        SystemV.Queue queue = queue(t, id);
        if (queue == null) {
            return -EINVAL;
        }
        long[] result = new long[1];
        int waited =
                t.await(
                        () -> {
                            synchronized (all) {
                                result[0] = put(t, queue, new SystemV.Message(type, text), flags);
                                return result[0] != WOULD_WAIT;
                            }
                        },
                        Long.MAX_VALUE);
        return waited(t, queue, waited, result[0]);
    }

    private SystemV.Queue queue(GuestThread t, int id) {
        synchronized (all) {
            SystemV.Queue queue = all.queues.get(id);
            if (queue != null) {
                queue.waits(t);
            }
            return queue;
        }
    }

    private long waited(GuestThread t, SystemV.Queue queue, int waited, long result) {
        synchronized (all) {
            queue.waitsNoMore(t);
        }
        return waited == 0 ? result : -ERESTARTNOHAND;
    }

    private static long put(
            GuestThread t, SystemV.Queue queue, SystemV.Message message, int flags) {
        if (queue.removed) {
            return -EIDRM;
        }
        if (mayNot(queue, WRITE)) {
            return -EACCES;
        }
        int length = message.text.length;
        if (queue.bytes + length > queue.mostBytes || queue.messages.size() >= queue.mostBytes) {
            return (flags & IPC_NOWAIT) != 0 ? -EAGAIN : WOULD_WAIT;
        }
        queue.messages.add(message);
        queue.bytes += length;
        queue.lastSender = t.process.pid;
        queue.sent = SystemV.now();
        queue.wake();
        return 0;
    }

    private long msgrcv(GuestThread t, int id, long to, long bytes, long type, int flags)
            throws BadAddressException {
        if (bytes < 0 || (flags & ~(IPC_NOWAIT | MSG_NOERROR | MSG_EXCEPT | 0777)) != 0) {
            return -EINVAL;
        }
        SystemV.Queue queue = queue(t, id);
        if (queue == null) {
            return -EINVAL;
        }
        long[] result = new long[1];
        SystemV.Message[] taken = new SystemV.Message[1];
        int waited =
                t.await(
                        () -> {
                            synchronized (all) {
                                result[0] = 0;
                                taken[0] = take(t, queue, bytes, type, flags, result);
                                return result[0] != WOULD_WAIT;
                            }
                        },
                        Long.MAX_VALUE);
        long answer = waited(t, queue, waited, result[0]);
        if (waited != 0 || answer < 0) {
            return answer;
        }
        int w = t.process.abi.wordBytes();
        byte[] text = taken[0].text;
        int length = (int) Math.min(bytes, text.length);
        t.memory().put(to, w, taken[0].type);
        long done = t.memory().copyOut(to + w, MemorySegment.ofArray(text), 0, length);
        return done < length ? -EFAULT : length;
    }

    private static SystemV.Message take(
            GuestThread t, SystemV.Queue queue, long bytes, long type, int flags, long[] result) {
        if (queue.removed) {
            result[0] = -EIDRM;
            return null;
        }
        if (mayNot(queue, READ)) {
            result[0] = -EACCES;
            return null;
        }
        SystemV.Message found = find(queue, type, (flags & MSG_EXCEPT) != 0);
        if (found == null) {
            result[0] = (flags & IPC_NOWAIT) != 0 ? -ENOMSG : WOULD_WAIT;
            return null;
        }
        if (found.text.length > bytes && (flags & MSG_NOERROR) == 0) {
            result[0] = -E2BIG;
            return null;
        }
        queue.messages.remove(found);
        queue.bytes -= found.text.length;
        queue.lastReceiver = t.process.pid;
        queue.received = SystemV.now();
        queue.wake();
        return found;
    }

    /// The first of a type, or of any but it; for 0 the first; for less the first of the lowest type up to minus it.
    private static SystemV.Message find(SystemV.Queue queue, long type, boolean except) {
        SystemV.Message found = null;
        for (SystemV.Message each : queue.messages) {
            if (type == 0 || type > 0 && (each.type == type) != except) {
                return each;
            }
            boolean low = type < 0 && (type == Long.MIN_VALUE || each.type <= -type);
            if (low && (found == null || each.type < found.type)) {
                found = each;
            }
        }
        return found;
    }

    private long msgctl(GuestThread t, int id, int command, long at) throws BadAddressException {
        synchronized (all) {
            SystemV.Queue queue = all.queues.get(id);
            if (queue == null) {
                return -EINVAL;
            }
            switch (command) {
                case IPC_RMID -> {
                    all.queues.remove(queue);
                    return 0;
                }
                case IPC_SET -> {
                    long most = t.process.abi.queueBytes(t.memory(), at);
                    if (most > queue.mostBytes && id(HostCall.GETEUID) != 0
                            || most > MOST_QUEUE_BYTES) {
                        return -EPERM;
                    }
                    long result = set(t, queue, at);
                    if (result == 0) {
                        queue.mostBytes = (int) Math.max(0, most);
                        queue.wake();
                    }
                    return result;
                }
                case IPC_STAT -> {
                    if (mayNot(queue, READ)) {
                        return -EACCES;
                    }
                    t.memory().put(at, t.process.abi.queue(queue));
                    return 0;
                }
                default -> {
                    return -EINVAL;
                }
            }
        }
    }
}
