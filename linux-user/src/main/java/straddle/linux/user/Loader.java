package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import straddle.core.user.BadAddressException;
import straddle.core.user.PageSource;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// execve(2)'s work: finds a program, follows `#!` lines, loads it and its interpreter, and lays the stack out as Linux
/// does (System V ABI; fs/binfmt_elf.c's order).
final class Loader {
    private static final long PAGE = UserMemory.PAGE_BYTES;
    private static final long STACK_BYTES = 8L << 20;
    private static final int MOST_SCRIPTS = 4;

    /// As the kernel: of arguments and environment together.
    static final int MOST_ARGUMENT_BYTES = 2 << 20;

    private static final int AT_PHDR = 3;
    private static final int AT_PHENT = 4;
    private static final int AT_PHNUM = 5;
    private static final int AT_PAGESZ = 6;
    private static final int AT_BASE = 7;
    private static final int AT_FLAGS = 8;
    private static final int AT_ENTRY = 9;
    private static final int AT_UID = 11;
    private static final int AT_EUID = 12;
    private static final int AT_GID = 13;
    private static final int AT_EGID = 14;
    private static final int AT_PLATFORM = 15;
    private static final int AT_HWCAP = 16;
    private static final int AT_CLKTCK = 17;
    private static final int AT_SECURE = 23;
    private static final int AT_RANDOM = 25;
    private static final int AT_HWCAP2 = 26;
    private static final int AT_EXECFN = 31;

    private final Kernel kernel;
    private final GuestThread thread;

    Loader(GuestThread thread) {
        this.kernel = thread.kernel();
        this.thread = thread;
    }

    /// A program that is ready to be run.
    static final class Loaded {
        private final UserIsa isa;
        private final ProgramMemory program;
        private final long entry;
        private final long stack;
        private final byte[] path;
        private final byte[] auxv;
        private final List<byte[]> arguments;
        private final List<byte[]> environment;
        private final long stackTop;
        private String name = "";

        Loaded(
                UserIsa isa,
                ProgramMemory program,
                long entry,
                long stack,
                byte[] path,
                byte[] auxv,
                List<byte[]> arguments,
                List<byte[]> environment,
                long stackTop) {
            this.isa = isa;
            this.program = program;
            this.entry = entry;
            this.stack = stack;
            this.path = path;
            this.auxv = auxv;
            this.arguments = arguments;
            this.environment = environment;
            this.stackTop = stackTop;
        }

        /// What the process is called: the last component of the path, be that a link's or a script's.
        String name() {
            return name;
        }

        UserIsa isa() {
            return isa;
        }

        ProgramMemory program() {
            return program;
        }

        long entry() {
            return entry;
        }

        long stack() {
            return stack;
        }

        byte[] path() {
            return path;
        }

        byte[] auxv() {
            return auxv;
        }

        List<byte[]> arguments() {
            return arguments;
        }

        List<byte[]> environment() {
            return environment;
        }

        long stackTop() {
            return stackTop;
        }
    }

    /// An open file of the host's.
    private static final class Opened implements AutoCloseable {
        final int fd;
        final FileStatus status;

        Opened(int fd) throws ProgramException {
            this.fd = fd;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment s = arena.allocate(FileStatus.HOST_BYTES, 8);
                LinuxCall.syscall(HostCall.FSTAT, fd, s.address(), 0, 0, 0, 0);
                status = FileStatus.of(s);
            }
            if (!status.isRegular()) {
                close();
                throw new ProgramException(Errno.EACCES, "it is no regular file");
            }
        }

        byte[] read(long offset, int bytes) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment to = arena.allocate(Math.max(1, bytes));
                long done =
                        LinuxCall.syscall(HostCall.PREAD64, fd, to.address(), bytes, offset, 0, 0);
                return done <= 0 ? new byte[0] : to.asSlice(0, done).toArray(ValueLayout.JAVA_BYTE);
            }
        }

        @Override
        public void close() {
            LinuxCall.syscall(HostCall.CLOSE, fd, 0, 0, 0, 0, 0);
        }
    }

    private Opened open(int directory, byte[] path, boolean follow) throws ProgramException {
        long fd;
        if (path.length == 0) {
            int host = thread.hostFile(directory);
            fd = host < 0 ? -Errno.EBADF : openLink(host);
        } else {
            // Of a pipe's name nobody is waited for at the other end.
            int flags = Paths.O_NONBLOCK | (follow ? 0 : Paths.O_NOFOLLOW);
            fd = kernel.paths.open(thread, directory, path, Paths.How.of(flags, 0));
        }
        if (fd < 0) {
            throw new ProgramException(
                    (int) -fd,
                    (int) -fd == Errno.ENOENT
                            ? "there is no such file"
                            : "it can't be opened: " + Errno.name((int) -fd));
        }
        Opened opened = new Opened((int) fd);
        byte[] link = ("/proc/self/fd/" + fd).getBytes(StandardCharsets.US_ASCII);
        long allowed =
                LinuxCall.syscall(
                        HostCall.FACCESSAT,
                        Paths.AT_FDCWD,
                        thread.scratch.path(0, link),
                        1,
                        0,
                        0,
                        0);
        if (allowed < 0) {
            opened.close();
            throw new ProgramException(
                    Errno.EACCES, "it may not be executed (chmod +x gives the right)");
        }
        return opened;
    }

    private long openLink(int host) {
        byte[] link = ("/proc/self/fd/" + host).getBytes(StandardCharsets.US_ASCII);
        return LinuxCall.syscall(
                HostCall.OPENAT,
                Paths.AT_FDCWD,
                thread.scratch.path(0, link),
                Paths.O_CLOEXEC,
                0,
                0,
                0);
    }

    /// Loads a program into memory of its own.
    ///
    /// @param follow whether the path may end with a symbolic link
    Loaded load(
            int directory,
            byte[] path,
            boolean follow,
            List<byte[]> arguments,
            List<byte[]> environment)
            throws ProgramException {
        byte[] name = path;
        List<byte[]> words = new ArrayList<>(arguments);
        int from = directory;
        for (int depth = 0; depth <= MOST_SCRIPTS; depth++) {
            try (Opened file = open(from, name, follow || depth > 0)) {
                byte[] head = file.read(0, 256);
                if (head.length >= 2 && head[0] == '#' && head[1] == '!') {
                    List<byte[]> script = scriptWords(head);
                    byte[] own = name.length == 0 ? Paths.linkOf(file.fd) : name;
                    List<byte[]> rest =
                            words.isEmpty() ? List.of() : words.subList(1, words.size());
                    List<byte[]> next = new ArrayList<>(script);
                    next.add(own);
                    next.addAll(rest);
                    words = next;
                    name = script.getFirst();
                    from = Paths.AT_FDCWD;
                    continue;
                }
                Loaded loaded = loadElf(file, words, environment);
                loaded.name = shortName(path.length == 0 ? loaded.path : path);
                return loaded;
            }
        }
        throw new ProgramException(Errno.ELOOP, "its interpreters are scripts themselves");
    }

    private static String shortName(byte[] path) {
        String text = Paths.text(path);
        String last = text.substring(text.lastIndexOf('/') + 1);
        return last.substring(0, Math.min(15, last.length()));
    }

    /// The interpreter, and at most one argument, of a `#!` line.
    private static List<byte[]> scriptWords(byte[] head) throws ProgramException {
        int end = 2;
        while (end < head.length && head[end] != '\n') {
            end++;
        }
        String line = new String(head, 2, end - 2, StandardCharsets.ISO_8859_1).strip();
        if (line.isEmpty()) {
            throw ElfFile.bad("its first line names no interpreter");
        }
        String[] parts = line.split("[ \t]+", 2);
        List<byte[]> words = new ArrayList<>();
        for (String each : parts) {
            words.add(each.getBytes(StandardCharsets.ISO_8859_1));
        }
        return words;
    }

    private Loaded loadElf(Opened file, List<byte[]> arguments, List<byte[]> environment)
            throws ProgramException {
        ElfFile elf = new ElfFile(file::read);
        if (straddle.core.user.UserTranslatorProvider.of(elf.isa).isEmpty()) {
            throw new ProgramException(
                    Errno.ENOEXEC,
                    "it is for "
                            + elf.isa.machineName()
                            + ", and this installation has no translator for such programs");
        }
        GuestAbi abi = kernel.abi(elf.isa);
        ProgramMemory program = new ProgramMemory(new UserMemory(elf.isa, kernel.frames));
        try {
            byte[] hostPath = Paths.linkOf(file.fd);
            long base = elf.movable ? place(elf, program.memory, abi.pieBase()) : 0;
            long end = map(elf, file, program.memory, base);
            program.heapStart = end;
            program.heapEnd = end;
            long entry = elf.entry + base;
            long interpreterBase = 0;
            if (elf.interpreterOffset >= 0) {
                byte[] raw = file.read(elf.interpreterOffset, elf.interpreterBytes);
                byte[] name = Arrays.copyOf(raw, length(raw));
                try (Opened interpreter = open(Paths.AT_FDCWD, name, true)) {
                    ElfFile other = new ElfFile(interpreter::read);
                    if (other.isa != elf.isa) {
                        throw ElfFile.bad("its interpreter is for another kind of processor");
                    }
                    interpreterBase = other.movable ? placeHigh(other, program.memory, abi) : 0;
                    map(other, interpreter, program.memory, interpreterBase);
                    entry = other.entry + interpreterBase;
                    program.wideFloats = other.needsWideFloats();
                } catch (ProgramException e) {
                    throw new ProgramException(
                            e.errno(),
                            "its interpreter "
                                    + Paths.text(name)
                                    + " is missing or wrong: "
                                    + e.getMessage()
                                    + ". Libraries of another architecture are found under --sysroot");
                }
            }
            program.wideFloats |= elf.needsWideFloats();
            byte[] code = abi.trampolines();
            if (code.length > 0) {
                program.trampoline =
                        program.memory.findFree(
                                abi.stackTop() - STACK_BYTES - 16 * PAGE, PAGE, PAGE);
                program.memory.map(
                        program.trampoline,
                        PAGE,
                        UserMemory.READ | UserMemory.WRITE,
                        false,
                        null,
                        0,
                        "[sigpage]");
                program.memory.put(program.trampoline, code);
                program.memory.protect(program.trampoline, PAGE, UserMemory.READ | UserMemory.EXEC);
            }
            return stack(
                    elf,
                    program,
                    abi,
                    base,
                    interpreterBase,
                    entry,
                    hostPath,
                    arguments,
                    environment);
        } catch (BadAddressException | IllegalArgumentException e) {
            program.release();
            throw ElfFile.bad("its segments don't fit: " + e.getMessage());
        } catch (ProgramException e) {
            program.release();
            throw e;
        }
    }

    private static int length(byte[] text) {
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return length;
    }

    private static long span(ElfFile elf) throws ProgramException {
        long low = Long.MAX_VALUE;
        long high = 0;
        for (ElfFile.Load each : elf.loads) {
            low = Math.min(low, each.address() & -PAGE);
            high = Math.max(high, each.end() + PAGE - 1 & -PAGE);
        }
        if (high <= low) {
            throw ElfFile.bad("its segments are empty");
        }
        return high - low;
    }

    private static long place(ElfFile elf, UserMemory memory, long base) throws ProgramException {
        if (span(elf) > memory.limit() - base) {
            throw ElfFile.bad("it is too large for its address space");
        }
        return base;
    }

    private static long placeHigh(ElfFile elf, UserMemory memory, GuestAbi abi)
            throws ProgramException {
        long at = memory.findFree(abi.mmapTop(), PAGE, span(elf));
        if (at < 0) {
            throw ElfFile.bad("there is no room for it");
        }
        return at;
    }

    /// @return the end of the last segment, a page's start
    private long map(ElfFile elf, Opened file, UserMemory memory, long base)
            throws ProgramException, BadAddressException {
        long last = 0;
        for (ElfFile.Load each : elf.loads) {
            long start = each.address() + base;
            long page = start & -PAGE;
            long fileEnd = start + each.fileBytes();
            long end = start + each.memoryBytes() + PAGE - 1 & -PAGE;
            int rights =
                    ((each.flags() & ElfFile.PF_R) != 0 ? UserMemory.READ : 0)
                            | ((each.flags() & ElfFile.PF_W) != 0 ? UserMemory.WRITE : 0)
                            | ((each.flags() & ElfFile.PF_X) != 0 ? UserMemory.EXEC : 0);
            long filePages = fileEnd + PAGE - 1 & -PAGE;
            if (each.fileBytes() > 0) {
                if (each.offset() + each.fileBytes() > file.status.size()) {
                    throw ElfFile.bad("it is truncated: a segment lies behind its end");
                }
                PageSource source =
                        kernel.filePages.open(
                                file.fd, file.status, Paths.text(Paths.linkOf(file.fd)));
                memory.map(
                        page, filePages - page, rights, false, source, each.offset() & -PAGE, "");
                if (each.memoryBytes() > each.fileBytes()
                        && filePages > fileEnd
                        && (rights & UserMemory.WRITE) != 0) {
                    memory.put(fileEnd, new byte[(int) (filePages - fileEnd)]);
                }
            } else {
                filePages = page;
            }
            if (end > filePages) {
                memory.map(filePages, end - filePages, rights, false, null, 0, "");
            }
            last = Math.max(last, end);
        }
        return last;
    }

    // ---- the stack

    private Loaded stack(
            ElfFile elf,
            ProgramMemory program,
            GuestAbi abi,
            long base,
            long interpreterBase,
            long entry,
            byte[] path,
            List<byte[]> arguments,
            List<byte[]> environment)
            throws ProgramException, BadAddressException {
        UserMemory memory = program.memory;
        long top = abi.stackTop();
        memory.map(
                top - STACK_BYTES,
                STACK_BYTES,
                UserMemory.READ | UserMemory.WRITE | (elf.executableStack ? UserMemory.EXEC : 0),
                false,
                null,
                0,
                "[stack]");
        long bytes = 4096;
        for (byte[] each : arguments) {
            bytes += each.length + 9;
        }
        for (byte[] each : environment) {
            bytes += each.length + 9;
        }
        if (bytes > MOST_ARGUMENT_BYTES + 4096L) {
            throw new ProgramException(7, "its arguments and environment are too long");
        }
        Pusher pusher = new Pusher(memory, top - 16);
        long executable = pusher.text(path);
        long[] env = pusher.texts(environment);
        long[] args = pusher.texts(arguments);
        long platform =
                abi.platform() == null
                        ? 0
                        : pusher.text(abi.platform().getBytes(StandardCharsets.US_ASCII));
        byte[] random = new byte[16];
        kernel.random(random);
        long randomAt = pusher.bytes(random);
        List<Long> auxv = new ArrayList<>();
        add(auxv, AT_PHDR, elf.headerAddress == -1 ? 0 : elf.headerAddress + base);
        add(auxv, AT_PHENT, elf.headerBytes);
        add(auxv, AT_PHNUM, elf.headers);
        add(auxv, AT_PAGESZ, PAGE);
        add(auxv, AT_BASE, interpreterBase);
        add(auxv, AT_FLAGS, 0);
        add(auxv, AT_ENTRY, elf.entry + base);
        add(auxv, AT_UID, id(HostCall.GETUID));
        add(auxv, AT_EUID, id(HostCall.GETEUID));
        add(auxv, AT_GID, id(HostCall.GETGID));
        add(auxv, AT_EGID, id(HostCall.GETEGID));
        add(auxv, AT_HWCAP, abi.hwcap());
        add(auxv, AT_HWCAP2, abi.hwcap2());
        add(auxv, AT_CLKTCK, 100);
        add(auxv, AT_SECURE, 0);
        add(auxv, AT_RANDOM, randomAt);
        add(auxv, AT_EXECFN, executable);
        if (platform != 0) {
            add(auxv, AT_PLATFORM, platform);
        }
        add(auxv, 0, 0);
        int w = abi.wordBytes();
        int words = 1 + args.length + 1 + env.length + 1 + auxv.size();
        long sp = (pusher.at & -16) - (long) words * w & -16;
        ByteBuffer b = abi.buffer(words * w);
        int at = 0;
        abi.putWord(b, at, args.length);
        for (long each : args) {
            abi.putWord(b, at += w, each);
        }
        at += w;
        for (long each : env) {
            abi.putWord(b, at += w, each);
        }
        at += w;
        int auxvAt = at + w;
        for (long each : auxv) {
            abi.putWord(b, at += w, each);
        }
        memory.put(sp, GuestAbi.bytes(b));
        return new Loaded(
                elf.isa,
                program,
                entry,
                sp,
                path,
                Arrays.copyOfRange(GuestAbi.bytes(b), auxvAt, b.capacity()),
                List.copyOf(arguments),
                List.copyOf(environment),
                top);
    }

    private static void add(List<Long> auxv, long key, long value) {
        auxv.add(key);
        auxv.add(value);
    }

    private static long id(int call) {
        return LinuxCall.syscall(call, 0, 0, 0, 0, 0, 0);
    }

    /// Puts texts on a stack, downwards.
    private static final class Pusher {
        private final UserMemory memory;
        long at;

        Pusher(UserMemory memory, long top) {
            this.memory = memory;
            this.at = top;
        }

        long bytes(byte[] bytes) throws BadAddressException {
            at -= bytes.length;
            memory.put(at, bytes);
            return at;
        }

        long text(byte[] text) throws BadAddressException {
            return bytes(Arrays.copyOf(text, text.length + 1));
        }

        /// In ascending order of addresses, as programs that change their titles expect.
        long[] texts(List<byte[]> texts) throws BadAddressException {
            int total = 0;
            for (byte[] each : texts) {
                total += each.length + 1;
            }
            ByteBuffer all = ByteBuffer.allocate(total);
            long[] addresses = new long[texts.size()];
            long start = at - total;
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = start + all.position();
                all.put(texts.get(i)).put((byte) 0);
            }
            bytes(GuestAbi.bytes(all));
            return addresses;
        }
    }
}
