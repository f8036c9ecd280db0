package straddle.linux.user;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import straddle.core.user.BadAddressException;
import straddle.core.user.Mapping;
import straddle.core.user.UserMemory;

/// futex(2): all who wait and wake are threads of this JVM, so the queues are here.
final class Futexes {
    private final Map<Object, Deque<Waiter>> queues = new HashMap<>();

    /// Who waits: woken by being taken out of its queue.
    private static final class Waiter {
        final GuestThread thread;
        final int bits;
        Object key;
        volatile boolean woken;

        Waiter(GuestThread thread, int bits, Object key) {
            this.thread = thread;
            this.bits = bits;
            this.key = key;
        }
    }

    /// A word of private memory is one in its address space, a word of shared memory one of its frame.
    private record PrivateWord(UserMemory memory, long address) {
        // A record's own take ten milliseconds to make.
        @Override
        public boolean equals(Object other) {
            return other instanceof PrivateWord(UserMemory m, long a)
                    && m == memory
                    && a == address;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(memory) ^ Long.hashCode(address);
        }
    }

    Futexes() {}

    private static Object key(UserMemory memory, long address) {
        Mapping mapping = memory.mappingAt(address);
        if (mapping != null && mapping.shared()) {
            return memory.physical(address);
        }
        return new PrivateWord(memory, address);
    }

    /// FUTEX_WAIT and FUTEX_WAIT_BITSET.
    ///
    /// @param deadline of [System#nanoTime()], or [Long#MAX_VALUE]
    long wait(GuestThread thread, long address, int expected, int bits, long deadline)
            throws BadAddressException {
        Object key = key(thread.memory(), address);
        Waiter waiter = new Waiter(thread, bits, key);
        synchronized (this) {
            if ((int) thread.memory().get(address, 4) != expected) {
                return -Errno.EAGAIN;
            }
            queues.computeIfAbsent(key, _ -> new ArrayDeque<>()).add(waiter);
        }
        int result = thread.await(() -> waiter.woken, deadline);
        synchronized (this) {
            if (waiter.woken) {
                return 0;
            }
            remove(waiter);
        }
        return result;
    }

    /// futex_waitv(2): waits until one of several is woken.
    ///
    /// @return its index
    long waitAny(GuestThread thread, long[] addresses, int[] expected, long deadline)
            throws BadAddressException {
        Waiter[] waiters = new Waiter[addresses.length];
        synchronized (this) {
            for (int i = 0; i < waiters.length; i++) {
                if ((int) thread.memory().get(addresses[i], 4) != expected[i]) {
                    return -Errno.EAGAIN;
                }
                waiters[i] = new Waiter(thread, -1, key(thread.memory(), addresses[i]));
            }
            for (Waiter each : waiters) {
                queues.computeIfAbsent(each.key, _ -> new ArrayDeque<>()).add(each);
            }
        }
        long result = thread.await(() -> firstWoken(waiters) >= 0, deadline);
        synchronized (this) {
            for (Waiter each : waiters) {
                remove(each);
            }
            int woken = firstWoken(waiters);
            return woken >= 0 ? woken : result;
        }
    }

    private static int firstWoken(Waiter[] waiters) {
        for (int i = 0; i < waiters.length; i++) {
            if (waiters[i].woken) {
                return i;
            }
        }
        return -1;
    }

    /// Has somebody wait no longer.
    private void remove(Waiter waiter) {
        Deque<Waiter> queue = queues.get(waiter.key);
        if (queue != null) {
            queue.remove(waiter);
            if (queue.isEmpty()) {
                queues.remove(waiter.key);
            }
        }
    }

    /// @return how many were woken
    int wake(UserMemory memory, long address, int most, int bits) {
        Object key = key(memory, address);
        synchronized (this) {
            return wakeQueue(key, most, bits);
        }
    }

    private int wakeQueue(Object key, int most, int bits) {
        Deque<Waiter> queue = queues.get(key);
        if (queue == null) {
            return 0;
        }
        int woken = 0;
        for (var all = queue.iterator(); all.hasNext() && woken < most; ) {
            Waiter each = all.next();
            if ((each.bits & bits) != 0) {
                all.remove();
                each.woken = true;
                LockSupport.unpark(each.thread.host);
                woken++;
            }
        }
        if (queue.isEmpty()) {
            queues.remove(key);
        }
        return woken;
    }

    /// FUTEX_REQUEUE and, with what is expected, FUTEX_CMP_REQUEUE.
    long requeue(
            UserMemory memory, long from, int mostWoken, int mostMoved, long to, Integer expected)
            throws BadAddressException {
        Object fromKey = key(memory, from);
        Object toKey = key(memory, to);
        synchronized (this) {
            if (expected != null && (int) memory.get(from, 4) != expected) {
                return -Errno.EAGAIN;
            }
            int count = wakeQueue(fromKey, mostWoken, -1);
            Deque<Waiter> queue = queues.get(fromKey);
            int moved = 0;
            while (queue != null
                    && !queue.isEmpty()
                    && moved < mostMoved
                    && !fromKey.equals(toKey)) {
                Waiter each = queue.poll();
                each.key = toKey;
                queues.computeIfAbsent(toKey, _ -> new ArrayDeque<>()).add(each);
                moved++;
            }
            if (queue != null && queue.isEmpty()) {
                queues.remove(fromKey);
            }
            return (long) count + moved;
        }
    }

    /// FUTEX_WAKE_OP (futex(2)).
    long wakeOp(UserMemory memory, long first, int most, int mostSecond, long second, int operation)
            throws BadAddressException {
        int argument = operation << 8 >> 20;
        if ((operation & 0x8000_0000) != 0) {
            argument = 1 << (argument & 31);
        }
        int compared = operation << 20 >> 20;
        int before;
        int after;
        do {
            before = (int) memory.get(second, 4);
            after =
                    switch (operation >>> 28 & 7) {
                        case 0 -> argument;
                        case 1 -> before + argument;
                        case 2 -> before | argument;
                        case 3 -> before & ~argument;
                        default -> before ^ argument;
                    };
        } while (!memory.compareAndSet(second, before, after));
        int count = wake(memory, first, most, -1);
        boolean also =
                switch (operation >>> 24 & 15) {
                    case 0 -> before == compared;
                    case 1 -> before != compared;
                    case 2 -> before < compared;
                    case 3 -> before <= compared;
                    case 4 -> before > compared;
                    default -> before >= compared;
                };
        return also ? count + wake(memory, second, mostSecond, -1) : count;
    }
}
