package straddle.linux.user;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import straddle.core.user.Mapping;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// What /proc says of guest processes, which the host's knows nothing of: exe, maps, cmdline and such (proc(5)). What is not made
/// here is the JVM's own, whose limits, mounts and control groups they share.
final class ProcFiles {
    static final int NOT_OURS = Integer.MIN_VALUE;
    private static final int MOST_LINKS = 8;
    private static final long PROC_SUPER_MAGIC = 0x9fa0;
    private static final int PAGE_KILOBYTES = 4;

    /// Of paths written as text; made when the first is looked at.
    private static final class Names {
        static final Pattern OURS = Pattern.compile("/+(\\.+/+)*(proc|dev)(/|$)");

        /// Links that lead somewhere without having a path's text.
        static final Pattern LINK =
                Pattern.compile("/dev/fd/\\d+|/proc/[^/]+/(task/[^/]+/)?(cwd|root|exe|fd/\\d+)");

        static final Pattern BEYOND_LINK =
                Pattern.compile("(/dev/fd/\\d+|/proc/[^/]+/(task/[^/]+/)?(cwd|root|fd/\\d+))/.*");

        private Names() {}
    }

    private ProcFiles() {}

    /// The process and the file of it that a path names, or null.
    ///
    /// @param thread that the path names, or null for the process
    /// @param elsewhere whether the host has no such path: it has the number of a guest process or thread
    private record Entry(GuestProcess process, GuestThread thread, String file, boolean elsewhere) {
        String name() {
            return thread == null || thread.name == null ? process.name : thread.name;
        }

        int id() {
            return thread == null ? process.pid : thread.tid;
        }
    }

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
        if (who.equals("self")) {
            return ofThreads(t.process, file, false);
        }
        if (who.equals("thread-self")) {
            return new Entry(t.process, t, file, true);
        }
        int id = number(who);
        if (id < 0) {
            return null;
        }
        GuestProcess process = t.kernel().processes.get(id);
        if (process != null) {
            return ofThreads(process, file, id != LinuxCall.processId());
        }
        for (GuestProcess each : t.kernel().processes.values()) {
            GuestThread thread = each.thread(id);
            if (thread != null) {
                return new Entry(each, thread, file, true);
            }
        }
        return null;
    }

    /// What lies in `task` of a process is a thread's.
    private static Entry ofThreads(GuestProcess process, String file, boolean elsewhere) {
        if (file.startsWith("task/") && file.length() > 5) {
            int slash = file.indexOf('/', 5);
            int id = number(slash < 0 ? file.substring(5) : file.substring(5, slash));
            GuestThread thread = id < 0 ? null : process.thread(id);
            if (thread != null) {
                String rest = slash < 0 ? "" : file.substring(slash + 1);
                return new Entry(process, thread, rest, true);
            }
        }
        return new Entry(process, null, file, elsewhere);
    }

    private static int number(String text) {
        boolean digits =
                !text.isEmpty() && text.length() <= 9 && text.chars().allMatch(Character::isDigit);
        return digits ? Integer.parseInt(text) : -1;
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
                ? new Entry(t.process, null, "fd", false)
                : file.isEmpty() ? null : new Entry(t.process, null, file, false);
    }

    // ---- paths

    /// A path from the root on, written plainly, if it leads to what is answered for here; or the same. Null remains null.
    ///
    /// Links of processes within it, such as to their working directories, have been followed: the host's lead to the JVM's.
    static byte[] absolute(GuestThread t, int directory, byte[] path) {
        if (path == null || path.length == 0) {
            return path;
        }
        boolean relative = path[0] != '/';
        OpenFile from = null;
        if (relative) {
            from = directory == Paths.AT_FDCWD ? t.directory(t.process) : t.file(directory);
        }
        boolean inProc = from instanceof ProcDirectory;
        if (!inProc && !mayBeOurs(path)) {
            return path;
        }
        String full = Paths.text(path);
        if (relative) {
            String there = inProc ? ((ProcDirectory) from).path() : directoryName(t, from);
            if (there.isEmpty()) {
                return path;
            }
            full = there + "/" + full;
        }
        if (!Names.OURS.matcher(full).lookingAt()) {
            return path;
        }
        for (int links = 0; links < MOST_LINKS; links++) {
            full = plain(full);
            String beyond = beyondLink(t, full);
            if (beyond == null) {
                break;
            }
            full = beyond;
        }
        return full.equals(Paths.text(path)) ? path : full.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// Quickly, for nearly all paths are not: whether one begins as those in /proc, /dev/fd and such do, wherever that is.
    private static boolean mayBeOurs(byte[] path) {
        int at = afterDots(path, 0);
        if (at + 4 > path.length) {
            return false;
        }
        if (path[at] == 'd' && path[at + 1] == 'e' && path[at + 2] == 'v') {
            int next = afterDots(path, at + 3);
            byte first = next < path.length ? path[next] : 0;
            return first == 'f' || first == 's' || first == 'p';
        }
        return path[at] == 'p' && path[at + 1] == 'r' && path[at + 2] == 'o' && path[at + 3] == 'c';
    }

    private static int afterDots(byte[] path, int from) {
        int at = from;
        while (at < path.length && (path[at] == '/' || path[at] == '.')) {
            at++;
        }
        return at;
    }

    /// @param directory null for the host process's working directory
    private static String directoryName(GuestThread t, OpenFile directory) {
        return Paths.text(
                directory == null
                        ? FileCalls.workingDirectory(t.process, t)
                        : t.kernel().paths.shown(directory.host));
    }

    /// Without empty components, `.` and `..`, as far as no link of a process is in the way.
    private static String plain(String path) {
        Deque<String> names = new ArrayDeque<>();
        int at = 0;
        while (at < path.length()) {
            int slash = path.indexOf('/', at);
            int end = slash < 0 ? path.length() : slash;
            String name = path.substring(at, end);
            at = end + 1;
            switch (name) {
                case "", "." -> {}
                case ".." -> names.pollLast();
                default -> names.add(name);
            }
            if (slash >= 0 && Names.LINK.matcher("/" + String.join("/", names)).matches()) {
                return "/" + String.join("/", names) + path.substring(slash);
            }
        }
        boolean slashed = path.endsWith("/") || path.endsWith("/.");
        return "/" + String.join("/", names) + (slashed && !names.isEmpty() ? "/" : "");
    }

    /// Where a path leads that goes on behind a link of a process, or null if it doesn't.
    private static String beyondLink(GuestThread t, String path) {
        Matcher link = Names.BEYOND_LINK.matcher(path);
        Entry entry = link.matches() ? entry(t, path.getBytes(StandardCharsets.ISO_8859_1)) : null;
        if (entry == null) {
            return null;
        }
        String file = entry.file;
        String rest = file.substring(file.indexOf('/', file.startsWith("fd/") ? 3 : 0));
        String base;
        if (file.startsWith("fd/")) {
            OpenFile of = t.file(entry.process, number(file.substring(3, file.indexOf('/', 3))));
            base = of == null ? "" : Paths.text(t.kernel().paths.shown(of.host));
            if (of instanceof ProcDirectory proc) {
                base = proc.path();
            }
            if (!base.startsWith("/")) {
                return null;
            }
        } else if (file.startsWith("cwd/")) {
            base = Paths.text(FileCalls.workingDirectory(entry.process, t));
        } else {
            base = "";
        }
        return base + rest;
    }

    /// Whether a path that is answered for here begins with a symbolic link on the host.
    static boolean isByLink(byte[] path) {
        String text = Paths.text(path);
        return text.startsWith("/proc/self")
                || text.startsWith("/proc/thread-self")
                || text.startsWith("/dev/fd")
                || text.startsWith("/dev/std");
    }

    /// Whether an absolute path has led out of /proc by a link of a process.
    static boolean isBeyondLink(byte[] path, byte[] full) {
        return path != full
                && Names.OURS.matcher(Paths.text(path)).lookingAt()
                && !Names.OURS.matcher(Paths.text(full)).lookingAt();
    }

    /// The process whose directory of descriptors a path names, or null.
    static GuestProcess withDescriptors(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        return entry != null && isDescriptors(entry.file) ? entry.process : null;
    }

    private static boolean isDescriptors(String file) {
        return file.equals("fd") || file.equals("fd/");
    }

    /// A directory that has been opened by its path from the root on, if the guest's processes are in it; else null.
    static ProcDirectory directory(GuestThread t, int fd, byte[] path) {
        if (path.length < 5 || path[0] != '/' || path[1] != 'p') {
            return null;
        }
        String text = Paths.text(path);
        if (text.equals("/proc") || text.equals("/proc/")) {
            return isProc(fd)
                    ? new ProcDirectory(fd, ProcDirectory.Kind.PROCESSES, t.process, "/proc")
                    : null;
        }
        Entry entry = entry(t, path);
        if (entry == null) {
            return null;
        }
        String own = "/proc/" + entry.process.pid;
        String named = entry.thread == null ? own : own + "/task/" + entry.thread.tid;
        return switch (entry.file) {
            case "" -> new ProcDirectory(fd, ProcDirectory.Kind.PROCESS, entry.process, named);
            case "task", "task/" ->
                    new ProcDirectory(
                            fd, ProcDirectory.Kind.THREADS, entry.process, named + "/task");
            default -> null;
        };
    }

    /// Whether an open file is the memory of a process of the host's, this one's maybe.
    static boolean isMemory(int fd) {
        return isProc(fd) && Paths.text(Paths.linkOf(fd)).endsWith("/mem");
    }

    private static boolean isProc(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(128, 8);
            return LinuxCall.syscall(HostCall.FSTATFS, fd, s.address(), 0, 0, 0, 0) == 0
                    && s.get(ValueLayout.JAVA_LONG, 0) == PROC_SUPER_MAGIC;
        }
    }

    /// What a path stands for.
    static final class Target {
        /// Of the program's; or, of a descriptor, the host's link.
        final byte[] path;

        final boolean isDescriptor;

        private Target(byte[] path, boolean isDescriptor) {
            this.path = path;
            this.isDescriptor = isDescriptor;
        }

        private static Target of(byte[] path) {
            return new Target(path, false);
        }
    }

    /// What calls other than open(2) may take instead of a path, or null for the path itself.
    ///
    /// @param follow whether the last component is followed if it is a symbolic link
    static Target target(GuestThread t, byte[] path, boolean follow) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return null;
        }
        String file = entry.file;
        if (follow && file.equals("exe")) {
            return Target.of(t.kernel().paths.within(entry.process.executable));
        }
        if (follow && file.equals("root")) {
            return Target.of(new byte[] {'/'});
        }
        if (follow && file.equals("cwd")) {
            byte[] there = FileCalls.workingDirectory(entry.process, t);
            Target ours = target(t, there, true);
            return ours == null ? Target.of(there) : ours;
        }
        String own = "/proc/" + LinuxCall.processId();
        boolean isLink = path[1] == 'd' && path[5] == 's'; // /dev/stdin and such
        if (file.startsWith("fd/") && file.length() > 3 && (follow || !isLink)) {
            int host = descriptor(t, entry, 3);
            return new Target(ascii((follow ? "/proc/self" : own) + "/fd/" + host), follow);
        }
        if (file.startsWith("fdinfo/") && file.length() > 7) {
            return Target.of(ascii(own + "/fdinfo/" + descriptor(t, entry, 7)));
        }
        if (entry.elsewhere) {
            String there = file.isEmpty() ? own : own + "/" + file;
            return Target.of(there.getBytes(StandardCharsets.ISO_8859_1));
        }
        return null;
    }

    private static int descriptor(GuestThread t, Entry entry, int from) {
        OpenFile file = t.file(entry.process, number(entry.file.substring(from)));
        return file == null ? -1 : file.host;
    }

    /// What readlink(2) answers, or null if the host knows.
    static byte[] link(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return null;
        }
        switch (Paths.text(path)) {
            case "/proc/self" -> {
                return ascii(Integer.toString(t.process.pid));
            }
            case "/proc/thread-self" -> {
                return ascii(t.process.pid + "/task/" + t.tid);
            }
            default -> {}
        }
        if (entry.file.equals("exe")) {
            return t.kernel().paths.within(entry.process.executable);
        }
        if (entry.file.equals("cwd")) {
            return FileCalls.workingDirectory(entry.process, t);
        }
        if (entry.file.equals("root")) {
            return ascii("/");
        }
        if (entry.file.startsWith("fd/")) {
            int host = descriptor(t, entry, 3);
            return host < 0 ? null : t.kernel().paths.within(Paths.linkOf(host));
        }
        return null;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // ---- contents

    /// Opens what is not the host's to tell.
    ///
    /// @return a descriptor of the host's, minus an error number, or [#NOT_OURS]
    static int open(GuestThread t, byte[] path) {
        Entry entry = entry(t, path);
        if (entry == null) {
            return NOT_OURS;
        }
        GuestProcess process = entry.process;
        return switch (entry.file) {
            case "maps", "smaps" -> memory("maps", maps(process));
            case "cmdline" -> memory("cmdline", strings(process, process.arguments));
            case "environ" -> memory("environ", strings(process, process.environment));
            case "comm" ->
                    memory("comm", (entry.name() + "\n").getBytes(StandardCharsets.ISO_8859_1));
            case "auxv" -> memory("auxv", process.auxv);
            case "stat" -> memory("stat", stat(entry));
            case "statm" -> memory("statm", memorySizes(process));
            case "status" -> memory("status", status(entry));
            case "mem", "pagemap" -> -Errno.EACCES;
            default -> NOT_OURS;
        };
    }

    private static boolean isGone(GuestProcess process) {
        return process.zombie || process.program == null;
    }

    private static byte[] strings(GuestProcess process, List<byte[]> all) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (byte[] each : isGone(process) ? List.<byte[]>of() : all) {
            line.writeBytes(each);
            line.write(0);
        }
        return line.toByteArray();
    }

    private static byte[] maps(GuestProcess process) {
        StringBuilder text = new StringBuilder();
        for (Mapping each : isGone(process) ? List.<Mapping>of() : process.memory().mappings()) {
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

    private static int parent(GuestProcess process) {
        GuestProcess parent = process.parent;
        if (parent != null) {
            return parent.pid;
        }
        boolean isFirst = process == process.kernel.first();
        return isFirst ? (int) LinuxCall.syscall(HostCall.GETPPID, 0, 0, 0, 0, 0, 0) : 1;
    }

    private static char state(Entry entry) {
        GuestProcess process = entry.process;
        if (process.zombie) {
            return 'Z';
        }
        if (process.stopped) {
            return 'T';
        }
        boolean runs =
                entry.thread != null
                        ? entry.thread.isRunning()
                        : process.threads.stream().anyMatch(GuestThread::isRunning);
        return runs ? 'R' : 'S';
    }

    private static long bytes(GuestProcess process) {
        return isGone(process)
                ? 0
                : process.memory().mappings().stream().mapToLong(m -> m.end() - m.start()).sum();
    }

    private static long residentPages(GuestProcess process) {
        return isGone(process) ? 0 : process.memory().residentPages();
    }

    private static byte[] memorySizes(GuestProcess process) {
        long pages = bytes(process) / (PAGE_KILOBYTES << 10);
        return ascii("%d %d 0 0 0 %d 0\n".formatted(pages, residentPages(process), pages));
    }

    private static byte[] stat(Entry entry) {
        GuestProcess process = entry.process;
        Kernel kernel = process.kernel;
        long time =
                entry.thread == null ? ProcessorTime.of(process) : ProcessorTime.of(entry.thread);
        StringBuilder text = new StringBuilder();
        text.append("%d (%s) %c".formatted(entry.id(), entry.name(), state(entry)));
        Object[] fields = {
            parent(process),
            process.group,
            process.session,
            kernel.terminals.device(process.session),
            kernel.terminals.foreground(process.session),
            0, // flags
            0, // page faults, from here on
            0,
            0,
            0,
            time / ProcessCalls.NANOS_PER_TICK,
            0, // of which none is the kernel's
            process.timeOfChildren / ProcessCalls.NANOS_PER_TICK,
            0,
            20, // priority
            0, // nice
            process.threads.size(),
            0,
            process.started,
            bytes(process),
            residentPages(process),
            Long.toUnsignedString(-1), // its limit
            0,
            0,
            Long.toUnsignedString(process.stackTop)
        };
        for (Object each : fields) {
            text.append(' ').append(each);
        }
        text.append(" 0".repeat(24)).append('\n');
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /// The JVM's, with what is the guest's own in its place.
    private static byte[] status(Entry entry) {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1);
        } catch (IOException _) {
            lines = List.of();
        }
        Map<String, String> own = own(entry);
        own.replaceAll((_, value) -> "\t" + value);
        boolean gone = isGone(entry.process);
        return lines.stream()
                .map(line -> line.split(":", 2))
                .filter(line -> !(gone && (line[0].startsWith("Vm") || line[0].startsWith("Rss"))))
                .map(line -> line[0] + ":" + own.getOrDefault(line[0], line[1]) + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Map<String, String> own(Entry entry) {
        GuestProcess process = entry.process;
        char state = state(entry);
        String stateName =
                switch (state) {
                    case 'R' -> "running";
                    case 'S' -> "sleeping";
                    case 'T' -> "stopped";
                    default -> "zombie";
                };
        String pid = Integer.toString(process.pid);
        Map<String, String> own = new HashMap<>();
        own.put("Name", entry.name());
        own.put("Umask", "%04o".formatted(process.umask));
        own.put("State", state + " (" + stateName + ")");
        own.put("Tgid", pid);
        own.put("NStgid", pid);
        own.put("Pid", Integer.toString(entry.id()));
        own.put("NSpid", Integer.toString(entry.id()));
        own.put("PPid", Integer.toString(parent(process)));
        own.put("NSpgid", Integer.toString(process.group));
        own.put("NSsid", Integer.toString(process.session));
        own.put("FDSize", Integer.toString(Math.max(64, process.files.length())));
        own.put("Threads", Integer.toString(process.threads.size()));
        signals(entry, own);
        String kilobytes = " kB";
        String size = bytes(process) / 1024 + kilobytes;
        String resident = residentPages(process) * PAGE_KILOBYTES + kilobytes;
        for (String each : List.of("VmPeak", "VmSize", "VmData")) {
            own.put(each, size);
        }
        for (String each : List.of("VmHWM", "VmRSS", "RssAnon")) {
            own.put(each, resident);
        }
        for (String each :
                List.of(
                        "VmLck",
                        "VmPin",
                        "RssFile",
                        "RssShmem",
                        "VmStk",
                        "VmExe",
                        "VmLib",
                        "VmPTE",
                        "VmSwap")) {
            own.put(each, "0" + kilobytes);
        }
        return own;
    }

    private static void signals(Entry entry, Map<String, String> own) {
        GuestProcess process = entry.process;
        long ignored = 0;
        long caught = 0;
        for (int signal = 1; signal < process.actions.length; signal++) {
            long handler = process.actions[signal].handler();
            ignored |= handler == Signal.SIG_IGN ? Signal.bit(signal) : 0;
            caught |=
                    handler != Signal.SIG_IGN && handler != Signal.SIG_DFL ? Signal.bit(signal) : 0;
        }
        GuestThread thread =
                entry.thread != null || process.threads.isEmpty()
                        ? entry.thread
                        : process.threads.getFirst();
        Map<String, Long> sets =
                Map.of(
                        "SigPnd",
                        thread == null ? 0 : thread.ownPendingSignals(),
                        "ShdPnd",
                        process.pending.set(),
                        "SigBlk",
                        thread == null ? 0 : thread.mask,
                        "SigIgn",
                        ignored,
                        "SigCgt",
                        caught);
        GuestAbi abi = process.abi;
        sets.forEach((name, set) ->
                own.put(name, "%016x".formatted(abi == null ? set : abi.signalsToGuest(set))));
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
