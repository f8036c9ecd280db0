package straddle.linux.user;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import straddle.core.user.SharedPages;

/// System V IPC's objects (svipc(7)): they are this run's alone, and end with it.
///
/// Its own monitor is held while something is looked up or changed; inside it, only that of an address space is taken.
final class SystemV {
    /// Of each kind: the kernel has 32,000.
    private static final int MOST_OBJECTS = 1024;

    /// What all sets of semaphores have together.
    private static final int MOST_SEMAPHORES = 1 << 18;

    private static final int MOST_BYTES_QUEUED = 16384;

    /// What the three kinds have in common: struct kern_ipc_perm.
    abstract static class Thing {
        int id;
        final int key;
        final int creator;
        final int creatorGroup;
        int owner;
        int ownerGroup;
        int mode;
        long changed;
        boolean removed;
        private final List<GuestThread> waiting = new ArrayList<>();

        Thing(int key, int mode, int user, int group) {
            this.key = key;
            this.mode = mode & 0777;
            creator = user;
            creatorGroup = group;
            owner = user;
            ownerGroup = group;
            changed = now();
        }

        /// Has everybody who waits for a change look again.
        final void wake() {
            waiting.forEach(each -> LockSupport.unpark(each.host));
        }

        final void waits(GuestThread thread) {
            waiting.add(thread);
        }

        final void waitsNoMore(GuestThread thread) {
            waiting.remove(thread);
        }
    }

    /// Shared memory. Who has it attached is not counted but looked for.
    static final class Segment extends Thing {
        final long bytes;
        final SharedPages pages;
        final int creatorProcess;
        int lastProcess;
        long attached;
        long detached;

        Segment(Thing like, long bytes, SharedPages pages, int process) {
            super(like.key, like.mode, like.owner, like.ownerGroup);
            this.bytes = bytes;
            this.pages = pages;
            creatorProcess = process;
        }
    }

    /// A set of semaphores.
    static final class Semaphores extends Thing {
        final int[] values;
        final int[] processes;

        /// What a process's end adds to each, of those that asked for it.
        final Map<GuestProcess, int[]> undo = new HashMap<>();

        /// Who waits for a semaphore to grow or to be zero: a number for each, and one less than minus it.
        final Map<GuestThread, Integer> waitingFor = new HashMap<>();

        long operated;

        Semaphores(Thing like, int count) {
            super(like.key, like.mode, like.owner, like.ownerGroup);
            values = new int[count];
            processes = new int[count];
        }
    }

    static final class Message {
        final long type;
        final byte[] text;

        /// @param type positive
        Message(long type, byte[] text) {
            this.type = type;
            this.text = text;
        }
    }

    static final class Queue extends Thing {
        final Deque<Message> messages = new ArrayDeque<>();
        int bytes;
        int mostBytes = MOST_BYTES_QUEUED;
        int lastSender;
        int lastReceiver;
        long sent;
        long received;

        Queue(Thing like) {
            super(like.key, like.mode, like.owner, like.ownerGroup);
        }
    }

    /// The objects of a kind, by number.
    static final class Table<T extends Thing> {
        private final Map<Integer, T> things = new HashMap<>();
        private int last = -1;

        T get(int id) {
            return things.get(id);
        }

        /// One that has a name, or null.
        T named(int key) {
            for (T each : things.values()) {
                if (each.key == key && !each.removed) {
                    return each;
                }
            }
            return null;
        }

        boolean isFull() {
            return things.size() >= MOST_OBJECTS;
        }

        int add(T thing) {
            do {
                last = last + 1 & Integer.MAX_VALUE;
            } while (things.containsKey(last));
            thing.id = last;
            things.put(last, thing);
            return last;
        }

        void remove(T thing) {
            thing.removed = true;
            things.remove(thing.id);
            thing.wake();
        }

        Iterable<T> all() {
            return things.values();
        }
    }

    final Table<Segment> segments = new Table<>();
    final Table<Semaphores> sets = new Table<>();
    final Table<Queue> queues = new Table<>();

    SystemV() {}

    /// Seconds since 1970.
    static long now() {
        return System.currentTimeMillis() / 1000;
    }

    boolean mayHaveSemaphores(int more) {
        long sum = more;
        for (Semaphores each : sets.all()) {
            sum += each.values.length;
        }
        return sum <= MOST_SEMAPHORES;
    }

    /// A process has ended: what it wanted undone is.
    synchronized void ended(GuestProcess process) {
        for (Semaphores set : sets.all()) {
            int[] adjustments = set.undo.remove(process);
            if (adjustments != null) {
                for (int i = 0; i < adjustments.length; i++) {
                    if (adjustments[i] != 0) {
                        set.values[i] =
                                Math.clamp(
                                        (long) set.values[i] + adjustments[i], 0, IpcCalls.SEMVMX);
                        set.processes[i] = process.pid;
                    }
                }
                set.operated = now();
                set.wake();
            }
        }
    }
}
