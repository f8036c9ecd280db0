package straddle.linux.user;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import straddle.core.user.Mapping;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// What /proc says of guest processes, which the host's knows nothing of: exe, maps, cmdline and such.
final class ProcFiles {
    static final int NOT_OURS = Integer.MIN_VALUE;

    private ProcFiles() {}

    /// The process and the file of it that a path names, or null.
    private record Entry(GuestProcess process, String file) {}

    private static Entry entry(GuestThread t, byte[] path) {
        if (path.length > 6 && path[0] == '/' && path[1] == 'd' && path[4] == '/') {
            return ofDevices(t, Paths.text(path));
        }
        if (path.length < 7 || path[0] != '/' || path[1] != 'p' || path[5] != '/') {
            return null;
        }
        String text = Paths.text(path);
        if (!text.startsWith("/proc/")) {
            return null;
        }
        int slash = text.indexOf('/', 6);
        String who = slash < 0 ? text.substring(6) : text.substring(6, slash);
        String file = slash < 0 ? "" : text.substring(slash + 1);
        if (who.equals("self") || who.equals("thread-self")) {
            return new Entry(t.process, file);
        }
        if (who.isEmpty() || who.length() > 9 || !who.chars().allMatch(Character::isDigit)) {
            return null;
        }
        GuestProcess other = t.kernel().processes.get(Integer.parseInt(who));
        return other == null ? null : new Entry(other, file);
    }

    /// The names in /dev that are links to /proc/self/fd.
    private static Entry ofDevices(GuestThread t, String path) {
        String file =
                switch (path) {
                    case "/dev/stdin" -> "fd/0";
                    case "/dev/stdout" -> "fd/1";
                    case "/dev/stderr" -> "fd/2";
                    default ->
                            path.startsWith("/dev/fd/") && path.length() > 8
                                    ? path.substring(5)
                                    : "";
                };
        boolean all = path.equals("/dev/fd") || path.equals("/dev/fd/");
        return all
                ? new Entry(t.process, "fd")
                : file.isEmpty() ? null : new Entry(t.process, file);
    }

    /// Whether a path that is answered for here begins with a symbolic link on the host.
    static boolean isByLink(byte[] path) {
        String text = Paths.text(path);
        return text.startsWith("/proc/self")
                || text.startsWith("/proc/thread-self")
                || text.startsWith("/dev/fd")
                || text.startsWith("/dev/std");
    }

    /// The process whose directory of descriptors a path names, or null.
    static GuestProcess withDescriptors(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        boolean directory = entry != null && (entry.file.equals("fd") || entry.file.equals("fd/"));
        return directory ? entry.process : null;
    }

    /// A path that calls other than open(2) may take instead, or the same.
    static byte[] rename(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return path;
        }
        if (entry.file.equals("exe")) {
            return entry.process.executable;
        }
        if (entry.file.startsWith("fd/") && entry.file.length() > 3) {
            int host = descriptor(entry);
            return ("/proc/self/fd/" + host).getBytes(StandardCharsets.US_ASCII);
        }
        return path;
    }

    private static int descriptor(Entry entry) {
        try {
            return entry.process.files.host(Integer.parseInt(entry.file.substring(3)));
        } catch (NumberFormatException _) {
            return -1;
        }
    }

    /// What readlink(2) answers, or null if the host knows.
    static byte[] link(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return Paths.text(path).equals("/proc/self") ? digits(t.process.pid) : null;
        }
        if (entry.file.isEmpty() && Paths.text(path).equals("/proc/self")) {
            return digits(t.process.pid);
        }
        if (entry.file.equals("exe")) {
            return t.kernel().paths.within(entry.process.executable);
        }
        if (entry.file.equals("cwd")) {
            return FileCalls.workingDirectory(t);
        }
        if (entry.file.startsWith("fd/")) {
            int host = descriptor(entry);
            return host < 0 ? null : t.kernel().paths.within(Paths.linkOf(host));
        }
        return null;
    }

    private static byte[] digits(int number) {
        return Integer.toString(number).getBytes(StandardCharsets.US_ASCII);
    }

    /// Opens what is not the host's to tell.
    ///
    /// @return a descriptor of the host's, minus an error number, or [#NOT_OURS]
    static int open(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return NOT_OURS;
        }
        return switch (entry.file) {
            case "maps", "smaps" -> memory("maps", maps(entry.process));
            case "cmdline" -> memory("cmdline", commandLine(entry.process));
            case "comm" ->
                    memory(
                            "comm",
                            (entry.process.name + "\n").getBytes(StandardCharsets.ISO_8859_1));
            case "auxv" -> memory("auxv", entry.process.auxv);
            case "stat" -> memory("stat", stat(entry.process));
            case "mem", "environ", "pagemap" -> -Errno.EACCES;
            default -> {
                if (entry.file.startsWith("fd/") && entry.process == t.process) {
                    yield NOT_OURS; // by its renamed path
                }
                yield NOT_OURS;
            }
        };
    }

    private static byte[] commandLine(GuestProcess process) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (byte[] each : process.arguments) {
            line.writeBytes(each);
            line.write(0);
        }
        return line.toByteArray();
    }

    private static byte[] maps(GuestProcess process) {
        StringBuilder text = new StringBuilder();
        for (Mapping each : process.memory().mappings()) {
            int p = each.protection();
            String what =
                    each.source() == null ? "00:00 0 " + each.name() : each.source().description();
            text.append(
                    "%08x-%08x %c%c%c%c %08x %s\n"
                            .formatted(
                                    each.start(),
                                    each.end(),
                                    (p & UserMemory.READ) != 0 ? 'r' : '-',
                                    (p & UserMemory.WRITE) != 0 ? 'w' : '-',
                                    (p & UserMemory.EXEC) != 0 ? 'x' : '-',
                                    each.shared() ? 's' : 'p',
                                    each.source() == null ? 0 : each.offset(),
                                    what));
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] stat(GuestProcess process) {
        GuestProcess parent = process.parent;
        StringBuilder text =
                new StringBuilder(
                        "%d (%s) %s %d %d %d %d %d 0 0 0 0 0 %d 0 %d 0 20 0 %d 0 0 %d %d"
                                .formatted(
                                        process.pid,
                                        process.name,
                                        process.stopped ? "T" : "R",
                                        parent == null ? 0 : parent.pid,
                                        process.group,
                                        process.session,
                                        process.kernel.terminals.device(process.session),
                                        process.kernel.terminals.foreground(process.session),
                                        ProcessorTime.of(process) / ProcessCalls.NANOS_PER_TICK,
                                        process.timeOfChildren / ProcessCalls.NANOS_PER_TICK,
                                        process.threads.size(),
                                        process.memory().residentPages() * 4096,
                                        process.memory().residentPages()));
        text.append(" 0 0 0 ").append(process.stackTop);
        text.append(" 0".repeat(24)).append('\n');
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static int memory(String name, byte[] content) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            int fd = (int) LinuxCall.syscall(HostCall.MEMFD_CREATE, text.address(), 1, 0, 0, 0, 0);
            if (fd < 0) {
                return fd;
            }
            MemorySegment bytes = arena.allocate(Math.max(1, content.length));
            MemorySegment.copy(MemorySegment.ofArray(content), 0, bytes, 0, content.length);
            LinuxCall.syscall(HostCall.PWRITE64, fd, bytes.address(), content.length, 0, 0, 0);
            return fd;
        }
    }
}
