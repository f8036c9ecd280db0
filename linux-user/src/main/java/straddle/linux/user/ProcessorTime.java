package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.host.LinuxCall;

/// What guest threads and processes have used of the processor, in nanoseconds: what the host counts for their threads,
/// without the translator's others.
final class ProcessorTime {
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final int CLOCK_THREAD_CPUTIME_ID = 3;

    // Clocks of others' (linux/posix-timers.h): the number's complement from bit 3 on, a thread's
    // with bit 2.
    private static final int CPUCLOCK_PERTHREAD = 4;
    private static final int CPUCLOCK_SCHED = 2;

    /// Whose time a clock is: one of the two is null.
    record Clock(GuestProcess process, GuestThread thread) {
        long nanos() {
            return thread != null ? of(thread) : of(process);
        }

        /// How much faster it may go than time does.
        int speed() {
            return thread != null ? 1 : Math.max(1, process.threads.size());
        }
    }

    private ProcessorTime() {}

    /// The clock of a number that a thread has given, or null if it is none of these, or of nobody.
    static Clock clock(GuestThread t, int number) {
        if (number == CLOCK_PROCESS_CPUTIME_ID) {
            return new Clock(t.process, null);
        }
        if (number == CLOCK_THREAD_CPUTIME_ID) {
            return new Clock(null, t);
        }
        if (number >= 0 || (number & 3) == 3) {
            return null;
        }
        int id = ~(number >> 3);
        if ((number & CPUCLOCK_PERTHREAD) != 0) {
            GuestThread thread = id == 0 ? t : t.process.thread(id);
            return thread == null ? null : new Clock(null, thread);
        }
        GuestProcess process = id == 0 ? t.process : t.kernel().processes.get(id);
        return process == null ? null : new Clock(process, null);
    }

    /// Of the host's thread, whoever it worked for.
    static long ofHostThread(int id) {
        long clock = (~(long) id << 3) | CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(16, 8);
            LinuxCall.syscall(HostCall.CLOCK_GETTIME, clock, time.address(), 0, 0, 0, 0);
            return time.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000
                    + time.get(ValueLayout.JAVA_LONG, 8);
        }
    }

    static long of(GuestThread thread) {
        return thread.process.threads.contains(thread)
                ? ofHostThread(thread.hostThread()) - thread.timeBefore
                : 0;
    }

    static long of(GuestProcess process) {
        synchronized (process.kernel.lock) {
            long sum = process.timeOfEnded;
            for (GuestThread each : process.threads) {
                sum += of(each);
            }
            return sum;
        }
    }

    /// A thread is about to end: its process keeps its time. Under the kernel's lock.
    static void ended(GuestThread thread) {
        thread.process.timeOfEnded += of(thread);
    }
}
