package straddle.linux.user;

import java.util.EnumMap;
import java.util.Map;
import straddle.core.user.BadAddressException;

/// Carries system calls out: decodes arguments, has the area's calls do the work, turns errors into the program's.
final class SystemCalls {
    /// What carries out the calls of an area.
    @FunctionalInterface
    interface Handler {
        /// @return a result, or minus an error number of the host's
        long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException;
    }

    private final Kernel kernel;
    private final Map<SystemCall.Area, Handler> handlers = new EnumMap<>(SystemCall.Area.class);

    SystemCalls(Kernel kernel) {
        this.kernel = kernel;
        for (SystemCall.Area each : SystemCall.Area.values()) {
            handlers.put(each, handler(each));
        }
    }

    private Handler handler(SystemCall.Area area) {
        return switch (area) {
            case FILES -> new FileCalls(kernel);
            case PATHS -> new PathCalls(kernel);
            case MEMORY -> new MemoryCalls(kernel);
            case PROCESSES -> new ProcessCalls(kernel);
            case SCHEDULING -> new SchedulingCalls(kernel);
            case SIGNALS -> new SignalCalls(kernel);
            case TIMES -> new TimeCalls(kernel);
            case IPC -> new IpcCalls(kernel);
            case SOCKETS -> new SocketCalls(kernel);
            case EVENTS -> new EventCalls(kernel);
        };
    }

    /// The call that has stopped a thread.
    ///
    /// @return what to store as its result, in the program's own error numbers; or minus [Errno#ERESTART] and its like
    long call(GuestThread t, int number) {
        GuestAbi abi = t.process.abi;
        SystemCall call = abi.call(number);
        if (call == null || call.support() == SystemCall.Support.ABSENT) {
            if (kernel.options.strace() != null) {
                kernel.trace(t, abi.callName(number) + "() = -ENOSYS");
            }
            return -abi.errnoToGuest(Errno.ENOSYS);
        }
        long result;
        Strace strace = null;
        try {
            long[] arguments = abi.arguments(t.vcpu, call.arguments());
            if (kernel.options.strace() != null) {
                strace = new Strace(t, call, arguments);
            }
            result = handlers.get(call.area()).call(call, t, arguments);
        } catch (BadAddressException _) {
            result = -Errno.EFAULT;
        } finally {
            t.called();
        }
        if (strace != null) {
            strace.print(result);
        }
        if (result == -Errno.EPIPE && writes(call)) {
            t.send(Signal.Info.of(Signal.SIGPIPE));
        }
        boolean error = GuestAbi.isError(result) && result > -Errno.ERESTART;
        return error ? -abi.errnoToGuest((int) -result) : result;
    }

    private static boolean writes(SystemCall call) {
        return switch (call) {
            case WRITE, WRITEV, PWRITE64, PWRITEV, SENDFILE, SENDFILE64, SPLICE -> true;
            default -> false;
        };
    }

    /// Carries out another call with other arguments: for calls that are several in one.
    long again(SystemCall call, GuestThread t, long... arguments) throws BadAddressException {
        return handlers.get(call.area()).call(call, t, arguments);
    }
}
