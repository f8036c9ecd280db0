package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import straddle.core.user.BadAddressException;
import straddle.host.LinuxCall;

/// Sockets. Addresses are in network order but for their family, which is turned.
final class SocketCalls implements SystemCalls.Handler {
    private static final int AF_UNIX = 1;
    private static final int AF_NETLINK = 16;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_ATTACH_BPF = 50;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final int SO_ATTACH_REUSEPORT_EBPF = 52;

    /// The host would send what the next call has put there.
    private static final int SO_ZEROCOPY = 60;

    /// A descriptor of the host's.
    private static final int SO_PEERPIDFD = 77;

    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final long MSG_WAITFORONE = 0x1_0000;
    private static final int MOST_MESSAGES = 1024;
    private static final int MOST_ADDRESS_BYTES = 128;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    // Where things are in scratch memory.
    private static final long ADDRESS = 0;
    private static final long LENGTH = 256;
    private static final long HEADER = 512;
    private static final long VECTOR = 640;
    private static final long CONTROL = 1024;
    private static final int CONTROL_BYTES = 8192;

    /// socketcall(2)'s calls, from 1 on.
    private static final SystemCall[] MULTIPLEXED = {
        SystemCall.SOCKET,
        SystemCall.BIND,
        SystemCall.CONNECT,
        SystemCall.LISTEN,
        SystemCall.ACCEPT,
        SystemCall.GETSOCKNAME,
        SystemCall.GETPEERNAME,
        SystemCall.SOCKETPAIR,
        SystemCall.SEND,
        SystemCall.RECV,
        SystemCall.SENDTO,
        SystemCall.RECVFROM,
        SystemCall.SHUTDOWN,
        SystemCall.SETSOCKOPT,
        SystemCall.GETSOCKOPT,
        SystemCall.SENDMSG,
        SystemCall.RECVMSG,
        SystemCall.ACCEPT4,
        SystemCall.RECVMMSG,
        SystemCall.SENDMMSG
    };

    private static final int MOST_NAMES = 1024;

    /// Before the path of struct sockaddr_un, and at most in it with its zero.
    private static final int FAMILY_BYTES = 2;

    private static final int MOST_PATH_BYTES = 107;

    private final Kernel kernel;

    /// What programs call local sockets that the host knows by another name, which is the key: the latest. Under its own lock.
    private final Map<String, byte[]> names =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
                    return size() > MOST_NAMES;
                }
            };

    private byte[] secret;

    SocketCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    private static long host(long number, long a, long b, long c, long d, long e) {
        return LinuxCall.syscall(number, a, b, c, d, e, 0);
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        GuestProcess p = t.process;
        MemorySegment s = t.scratch.structs();
        switch (call) {
            case SOCKETCALL -> {
                int which = (int) a[0];
                if (which < 1 || which > MULTIPLEXED.length) {
                    return -EINVAL;
                }
                SystemCall one = MULTIPLEXED[which - 1];
                long[] words = new long[6];
                String letters = one.arguments();
                for (int i = 0; i < letters.length(); i++) {
                    long word = t.memory().get(a[1] + 4L * i, 4);
                    words[i] = "fd".indexOf(letters.charAt(i)) >= 0 ? (int) word : word;
                }
                return call(one, t, words);
            }
            case SOCKET -> {
                int flags = p.abi.socketTypeToHost((int) a[1]);
                if (!kernel.options.network() && a[0] != AF_UNIX) {
                    return -EAFNOSUPPORT;
                }
                return FileCalls.adopt(
                        p, host(HostCall.SOCKET, a[0], flags | Paths.O_CLOEXEC, a[2], 0, 0), flags);
            }
            case SOCKETPAIR -> {
                int flags = p.abi.socketTypeToHost((int) a[1]);
                if (!kernel.options.network() && a[0] != AF_UNIX) {
                    return -EAFNOSUPPORT;
                }
                long result =
                        host(
                                HostCall.SOCKETPAIR,
                                a[0],
                                flags | Paths.O_CLOEXEC,
                                a[2],
                                s.address(),
                                0);
                return result < 0 ? result : FileCalls.pair(t, s, a[3], flags);
            }
            default -> {
                int fd = t.hostFile((int) a[0]);
                return fd < 0 ? -EBADF : onSocket(call, t, a, fd);
            }
        }
    }

    private long onSocket(SystemCall call, GuestThread t, long[] a, int fd)
            throws BadAddressException {
        GuestProcess p = t.process;
        GuestAbi abi = p.abi;
        MemorySegment s = t.scratch.structs();
        switch (call) {
            case BIND, CONNECT -> {
                int n = address(t, a[1], a[2], call == SystemCall.BIND);
                if (n < 0) {
                    return n;
                }
                return call == SystemCall.BIND
                        ? host(HostCall.BIND, fd, s.address(), n, 0, 0)
                        : t.blocking(HostCall.CONNECT, fd, s.address(), n, 0, 0, 0);
            }
            case LISTEN -> {
                return host(HostCall.LISTEN, fd, a[1], 0, 0, 0);
            }
            case ACCEPT, ACCEPT4 -> {
                int flags = call == SystemCall.ACCEPT ? 0 : abi.socketTypeToHost((int) a[3]);
                s.set(INT, LENGTH, MOST_ADDRESS_BYTES);
                long made =
                        t.blocking(
                                HostCall.ACCEPT4,
                                fd,
                                s.address(),
                                s.address() + LENGTH,
                                flags | Paths.O_CLOEXEC,
                                0,
                                0);
                if (made >= 0 && a[1] != 0) {
                    putAddress(t, a[1], a[2]);
                }
                return FileCalls.adopt(p, made, flags);
            }
            case GETSOCKNAME, GETPEERNAME -> {
                s.set(INT, LENGTH, MOST_ADDRESS_BYTES);
                int number =
                        call == SystemCall.GETSOCKNAME
                                ? HostCall.GETSOCKNAME
                                : HostCall.GETPEERNAME;
                long result = host(number, fd, s.address(), s.address() + LENGTH, 0, 0);
                if (result == 0) {
                    putAddress(t, a[1], a[2]);
                }
                return result;
            }
            case SEND, SENDTO -> {
                return sendTo(t, fd, a, call == SystemCall.SENDTO);
            }
            case RECV, RECVFROM -> {
                return receiveFrom(t, fd, a, call == SystemCall.RECVFROM);
            }
            case SENDMSG -> {
                return sendMessage(t, fd, a[1], a[2]);
            }
            case RECVMSG -> {
                return receiveMessage(t, fd, a[1], a[2]);
            }
            case SENDMMSG -> {
                return sendMessages(t, fd, a);
            }
            case RECVMMSG, RECVMMSG_TIME64 -> {
                return receiveMessages(t, fd, a, call == SystemCall.RECVMMSG_TIME64);
            }
            case SHUTDOWN -> {
                return host(HostCall.SHUTDOWN, fd, a[1], 0, 0, 0);
            }
            case SETSOCKOPT -> {
                return setOption(t, fd, a);
            }
            case GETSOCKOPT -> {
                return getOption(t, fd, a);
            }
            default -> throw new IllegalStateException(call.linuxName());
        }
    }

    // ---- addresses

    /// Copies an address to scratch memory; returns its length or an error.
    private int address(GuestThread t, long from, long bytes, boolean binds)
            throws BadAddressException {
        if (bytes < 0 || bytes > MOST_ADDRESS_BYTES) {
            return -EINVAL;
        }
        byte[] raw = t.memory().bytes(from, (int) bytes);
        if (raw.length < 2) {
            return -EINVAL;
        }
        turnFamily(t, raw);
        if (raw[0] == AF_UNIX && raw[1] == 0 && raw.length > FAMILY_BYTES) {
            raw = raw[2] != 0 ? unixPath(t, raw, binds) : abstractAddress(raw);
            if (raw == null) {
                return -ENOENT;
            }
        }
        MemorySegment.copy(MemorySegment.ofArray(raw), 0, t.scratch.structs(), ADDRESS, raw.length);
        return raw.length;
    }

    private static void turnFamily(GuestThread t, byte[] raw) {
        if (t.process.abi.isa.order() == ByteOrder.BIG_ENDIAN) {
            byte first = raw[0];
            raw[0] = raw[1];
            raw[1] = first;
            if (raw[0] == AF_NETLINK && raw.length >= 12) {
                ByteBuffer big = ByteBuffer.wrap(raw);
                ByteBuffer little = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
                little.putInt(4, big.getInt(4));
                little.putInt(8, big.getInt(8));
            }
        }
    }

    /// A local socket's path is relative to the process's own directory, and within its root.
    ///
    /// @param binds whether the socket is to be made there; otherwise it is there, and links to it are followed
    private byte[] unixPath(GuestThread t, byte[] raw, boolean binds) {
        byte[] path = Arrays.copyOfRange(raw, FAMILY_BYTES, endOfPath(raw));
        boolean plain = path[0] == '/' && !kernel.paths.confines();
        if (plain || t.process.workingDirectory() == null && !kernel.paths.confines()) {
            return raw;
        }
        boolean follows = !binds && kernel.paths.confines();
        Paths.Located at = kernel.paths.locate(t, Paths.AT_FDCWD, path, follows, 0);
        if (at.error() != 0) {
            return null;
        }
        t.closeAfterCall(at);
        String directory = "";
        if (at.directory() != Paths.AT_FDCWD) {
            directory = Paths.text(Paths.linkOf((int) at.directory())) + "/";
            // Where it must not leave the root, by descriptor: no directory on the way may be
            // replaced by a link in the meantime. And
            // that is short.
            if (kernel.paths.confines() || directory.length() + path.length > MOST_PATH_BYTES) {
                directory = "/proc/self/fd/" + at.directory() + "/";
            }
        }
        StringBuilder full = new StringBuilder(directory);
        int i = 0;
        for (byte b = t.scratch.byteAt(at.path()); b != 0; b = t.scratch.byteAt(at.path() + ++i)) {
            full.append((char) (b & 0xff));
        }
        if (full.length() > MOST_PATH_BYTES) {
            return null;
        }
        if (binds) {
            synchronized (names) {
                names.put(full.toString(), path);
            }
        }
        return unixAddress(full + "\0");
    }

    private static int endOfPath(byte[] raw) {
        int end = FAMILY_BYTES;
        while (end < raw.length && raw[end] != 0) {
            end++;
        }
        return end;
    }

    private static byte[] unixAddress(String name) {
        byte[] host = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] result = new byte[FAMILY_BYTES + host.length];
        result[0] = AF_UNIX;
        System.arraycopy(host, 0, result, FAMILY_BYTES, host.length);
        return result;
    }

    /// Abstract names are the whole host's: in a root, programs get such as nobody outside knows. But for those that the host has told
    /// them, which it made up itself.
    private byte[] abstractAddress(byte[] raw) {
        if (!kernel.paths.confines()) {
            return raw;
        }
        byte[] name = Arrays.copyOfRange(raw, FAMILY_BYTES, raw.length);
        synchronized (names) {
            if (names.containsKey(Paths.text(name))) {
                return raw;
            }
            if (secret == null) {
                secret = new byte[16];
                kernel.random(secret);
            }
            String own;
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                digest.update(secret);
                own = "\0straddle " + HexFormat.of().formatHex(digest.digest(name));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every JVM has it
            }
            names.put(own, name);
            return unixAddress(own);
        }
    }

    /// The program's name of a local socket, whose address is in scratch memory.
    private byte[] named(byte[] raw) {
        boolean local = raw.length > FAMILY_BYTES + 1 && raw[0] == AF_UNIX && raw[1] == 0;
        if (!local || raw[2] != 0 && raw[2] != '/') {
            return raw;
        }
        boolean path = raw[2] != 0;
        String key =
                Paths.text(
                        Arrays.copyOfRange(raw, FAMILY_BYTES, path ? endOfPath(raw) : raw.length));
        byte[] name;
        synchronized (names) {
            name = names.get(key);
            if (name == null && !path && kernel.paths.confines()) {
                name = Arrays.copyOfRange(raw, FAMILY_BYTES, raw.length);
                names.put(key, name);
            }
        }
        if (name == null) {
            return raw;
        }
        byte[] result = new byte[FAMILY_BYTES + name.length + (path ? 1 : 0)];
        result[0] = AF_UNIX;
        System.arraycopy(name, 0, result, FAMILY_BYTES, name.length);
        return result;
    }

    /// Copies an address from scratch memory, as much as the program has room for.
    private void putAddress(GuestThread t, long to, long lengthAt) throws BadAddressException {
        int room = (int) t.memory().get(lengthAt, 4);
        int length = t.scratch.structs().get(INT, LENGTH);
        t.memory().put(lengthAt, 4, putAddress(t, to, room, length));
    }

    /// @return its length
    private int putAddress(GuestThread t, long to, int room, int length)
            throws BadAddressException {
        int there = Math.min(length, MOST_ADDRESS_BYTES);
        byte[] raw =
                named(t.scratch.structs().asSlice(ADDRESS, there).toArray(ValueLayout.JAVA_BYTE));
        if (raw.length >= 2 && t.process.abi.isa.order() == ByteOrder.BIG_ENDIAN) {
            boolean netlink = raw[0] == AF_NETLINK;
            byte first = raw[0];
            raw[0] = raw[1];
            raw[1] = first;
            if (netlink && raw.length >= 12) {
                ByteBuffer big = ByteBuffer.wrap(raw);
                ByteBuffer little = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
                big.putInt(4, little.getInt(4));
                big.putInt(8, little.getInt(8));
            }
        }
        t.memory().put(to, Arrays.copyOf(raw, Math.max(0, Math.min(room, raw.length))));
        return length > there ? length : raw.length;
    }

    // ---- data

    private long sendTo(GuestThread t, int fd, long[] a, boolean addressed)
            throws BadAddressException {
        long bytes = Scratch.part(a[2]);
        MemorySegment data = t.scratch.data(bytes);
        if (t.memory().copyIn(a[1], data, 0, bytes) < bytes) {
            return -EFAULT;
        }
        int n = addressed && a[4] != 0 && a[5] != 0 ? address(t, a[4], a[5], false) : 0;
        if (n < 0) {
            return n;
        }
        long result =
                t.blocking(
                        HostCall.SENDTO,
                        fd,
                        data.address(),
                        bytes,
                        a[3],
                        n > 0 ? t.scratch.structs().address() : 0,
                        n);
        return signalled(t, result, a[3]);
    }

    private static long signalled(GuestThread t, long result, long flags) {
        if (result == -EPIPE && (flags & MSG_NOSIGNAL) == 0) {
            t.send(Signal.Info.of(Signal.SIGPIPE));
        }
        return result;
    }

    private long receiveFrom(GuestThread t, int fd, long[] a, boolean addressed)
            throws BadAddressException {
        long bytes = Scratch.part(a[2]);
        MemorySegment data = t.scratch.data(bytes);
        MemorySegment s = t.scratch.structs();
        boolean wants = addressed && a[4] != 0;
        s.set(INT, LENGTH, MOST_ADDRESS_BYTES);
        long n =
                t.blocking(
                        HostCall.RECVFROM,
                        fd,
                        data.address(),
                        bytes,
                        a[3],
                        wants ? s.address() : 0,
                        wants ? s.address() + LENGTH : 0);
        if (n < 0) {
            return n;
        }
        long copied = Math.min(n, bytes);
        if (t.memory().copyOut(a[1], data, 0, copied) < copied) {
            return -EFAULT;
        }
        if (wants) {
            putAddress(t, a[4], a[5]);
        }
        return n;
    }

    /// struct msghdr of the program.
    private record Header(
            long name, int nameBytes, long vectors, long count, long control, long controlBytes) {
        static Header read(GuestThread t, long at) throws BadAddressException {
            GuestAbi abi = t.process.abi;
            int w = abi.wordBytes();
            ByteBuffer b = abi.buffer(t.memory().bytes(at, 7 * w));
            return new Header(
                    abi.getWord(b, 0),
                    b.getInt(w),
                    abi.getWord(b, 2 * w),
                    abi.getWord(b, 3 * w),
                    abi.getWord(b, 4 * w),
                    abi.getWord(b, 5 * w));
        }
    }

    private static void hostHeader(
            MemorySegment s, int nameBytes, long data, long bytes, long controlBytes) {
        s.set(LONG, VECTOR, data);
        s.set(LONG, VECTOR + 8, bytes);
        s.set(LONG, HEADER, nameBytes > 0 ? s.address() + ADDRESS : 0);
        s.set(LONG, HEADER + 8, nameBytes);
        s.set(LONG, HEADER + 16, s.address() + VECTOR);
        s.set(LONG, HEADER + 24, 1);
        s.set(LONG, HEADER + 32, controlBytes > 0 ? s.address() + CONTROL : 0);
        s.set(LONG, HEADER + 40, controlBytes);
        s.set(LONG, HEADER + 48, 0);
    }

    private long sendMessage(GuestThread t, int fd, long at, long flags)
            throws BadAddressException {
        Header h = Header.read(t, at);
        if (h.count < 0 || h.count > 1024) {
            return -EMSGSIZE;
        }
        if (h.controlBytes < 0 || h.controlBytes > CONTROL_BYTES) {
            return -ENOBUFS;
        }
        FileCalls.Vectors all = FileCalls.Vectors.read(t, h.vectors, h.count);
        if (all == null) {
            return -EINVAL;
        }
        long bytes = Math.min(all.total(), Scratch.MOST_DATA_BYTES);
        MemorySegment data = t.scratch.data(bytes);
        long there = all.gather(t, data, bytes);
        int n = h.name != 0 && h.nameBytes != 0 ? address(t, h.name, h.nameBytes, false) : 0;
        if (n < 0) {
            return n;
        }
        MemorySegment s = t.scratch.structs();
        long control = h.control == 0 ? 0 : controlToHost(t, h);
        if (control < 0) {
            return control;
        }
        hostHeader(s, n, data.address(), there, control);
        return signalled(
                t, t.blocking(HostCall.SENDMSG, fd, s.address() + HEADER, flags, 0, 0, 0), flags);
    }

    /// Converts control data: of its kinds, descriptors.
    private static long controlToHost(GuestThread t, Header h) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        ByteBuffer b = abi.buffer(t.memory().bytes(h.control, (int) h.controlBytes));
        MemorySegment s = t.scratch.structs();
        long to = CONTROL;
        int from = 0;
        while (from + w + 8 <= b.capacity()) {
            long length = abi.getWord(b, from);
            int level = (int) (abi.socketOptionToHost(b.getInt(from + w), 0) >>> 32);
            int kind = b.getInt(from + w + 4);
            int payload = (int) length - (w + 8);
            if (length < w + 8 || length > b.capacity() - from) {
                return -EINVAL;
            }
            s.set(LONG, to, 16L + payload);
            s.set(INT, to + 8, level);
            s.set(INT, to + 12, kind);
            for (int i = 0; i < payload; i++) {
                s.set(ValueLayout.JAVA_BYTE, to + 16 + i, b.get(from + w + 8 + i));
            }
            if (level == SOL_SOCKET && kind == SCM_RIGHTS) {
                for (int i = 0; i + 4 <= payload; i += 4) {
                    int host = t.hostFile(b.getInt(from + w + 8 + i));
                    if (host < 0) {
                        return -EBADF;
                    }
                    s.set(INT, to + 16 + i, host);
                }
            }
            to += 16 + payload + 7 & -8;
            from += (int) length + w - 1 & -w;
        }
        return to - CONTROL;
    }

    private long receiveMessage(GuestThread t, int fd, long at, long flags)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        Header h = Header.read(t, at);
        if (h.count < 0 || h.count > 1024) {
            return -EMSGSIZE;
        }
        FileCalls.Vectors all = FileCalls.Vectors.read(t, h.vectors, h.count);
        if (all == null) {
            return -EINVAL;
        }
        long bytes = Math.min(all.total(), Scratch.MOST_DATA_BYTES);
        MemorySegment data = t.scratch.data(bytes);
        MemorySegment s = t.scratch.structs();
        hostHeader(
                s,
                h.name != 0 ? MOST_ADDRESS_BYTES : 0,
                data.address(),
                bytes,
                h.control != 0 ? Math.min(room(h) + 256, CONTROL_BYTES) : 0);
        long n =
                t.blocking(
                        HostCall.RECVMSG,
                        fd,
                        s.address() + HEADER,
                        flags | MSG_CMSG_CLOEXEC,
                        0,
                        0,
                        0);
        if (n < 0) {
            return n;
        }
        long control = h.control == 0 ? 0 : s.get(LONG, HEADER + 40);
        try {
            all.scatter(t, data, Math.min(n, bytes));
        } catch (BadAddressException e) {
            closeFiles(s, control);
            throw e;
        }
        int length = s.get(INT, HEADER + 8);
        Control given = controlToGuest(t, h, control, flags);
        if (h.name != 0) {
            putAddress(t, h.name, h.nameBytes, length);
        }
        t.memory().put(at + w, 4, length);
        t.memory().put(at + 5L * w, w, given.bytes);
        int told = s.get(INT, HEADER + 48) & ~MSG_CMSG_CLOEXEC;
        t.memory().put(at + 6L * w, 4, given.cut ? told | MSG_CTRUNC : told);
        return n;
    }

    /// Descriptors that have been received, but that the program can't be given.
    private static void closeFiles(MemorySegment s, long bytes) {
        for (long from = CONTROL; from + 16 <= CONTROL + bytes; from = next(s, from)) {
            if (isRights(s, from)) {
                for (long at = from + 16; at + 4 <= from + s.get(LONG, from); at += 4) {
                    host(HostCall.CLOSE, s.get(INT, at), 0, 0, 0, 0);
                }
            }
        }
    }

    private static long next(MemorySegment s, long from) {
        return from + (Math.max(16, s.get(LONG, from)) + 7 & -8);
    }

    private static boolean isRights(MemorySegment s, long from) {
        return s.get(INT, from + 8) == SOL_SOCKET && s.get(INT, from + 12) == SCM_RIGHTS;
    }

    /// @param bytes of control data that the program has been given
    /// @param cut whether there was no room for all
    private record Control(long bytes, boolean cut) {}

    /// For control data, of which a program may say that it has any room for.
    private static long room(Header h) {
        return h.controlBytes < 0 ? CONTROL_BYTES : Math.min(h.controlBytes, CONTROL_BYTES);
    }

    /// As the kernel has it: what there is no room for is cut off, of descriptors whole ones, and a place that is no memory is no room.
    private static Control controlToGuest(GuestThread t, Header h, long bytes, long flags)
            throws BadAddressException {
        GuestAbi abi = t.process.abi;
        int w = abi.wordBytes();
        int header = w + 8;
        MemorySegment s = t.scratch.structs();
        ByteBuffer b = abi.buffer((int) t.memory().writable(h.control, room(h)));
        int to = 0;
        boolean cut = false;
        for (long from = CONTROL; from + 16 <= CONTROL + bytes; from = next(s, from)) {
            int there = (int) s.get(LONG, from) - 16;
            int room = b.capacity() - to - header;
            boolean rights = isRights(s, from);
            int payload =
                    rights
                            ? giveFiles(t, b, to + header, room, from, flags)
                            : giveData(b, to + header, room, s.asSlice(from, 16 + there));
            cut |= payload < there;
            if (payload < (rights ? 4 : 0)) {
                continue;
            }
            int level = s.get(INT, from + 8);
            abi.putWord(b, to, (long) header + payload);
            b.putInt(to + w, level == SOL_SOCKET && abi instanceof MipsAbi ? 0xffff : level);
            b.putInt(to + w + 4, s.get(INT, from + 12));
            to = Math.min(b.capacity(), to + (header + payload + w - 1 & -w));
        }
        if (to > 0) {
            t.memory().put(h.control, Arrays.copyOf(GuestAbi.bytes(b), to));
        }
        return new Control(to, cut);
    }

    /// @param message with its header
    /// @return the payload's bytes for which there is room, or a negative number
    private static int giveData(ByteBuffer b, int to, int room, MemorySegment message) {
        int payload = Math.min((int) message.byteSize() - 16, room);
        boolean numbers = message.get(INT, 8) == SOL_SOCKET;
        for (int i = 0; i < payload; i++) {
            b.put(to + i, message.get(ValueLayout.JAVA_BYTE, 16 + i));
        }
        for (int i = 0; i + 4 <= payload && numbers; i += 4) {
            b.putInt(to + i, message.get(INT, 16 + i));
        }
        return payload;
    }

    /// Descriptors get numbers of the program's, as many as there is room for; the others are closed.
    ///
    /// @return the numbers' bytes
    private static int giveFiles(
            GuestThread t, ByteBuffer b, int to, int room, long from, long flags) {
        MemorySegment s = t.scratch.structs();
        int flag = (flags & MSG_CMSG_CLOEXEC) != 0 ? Paths.O_CLOEXEC : 0;
        int given = 0;
        boolean full = false;
        for (long at = from + 16; at + 4 <= from + s.get(LONG, from); at += 4) {
            int file = s.get(INT, at);
            full |= given + 4 > room;
            if (full) {
                host(HostCall.CLOSE, file, 0, 0, 0, 0);
                continue;
            }
            long number = FileCalls.adopt(t.process, file, flag);
            full = number < 0;
            if (!full) {
                b.putInt(to + given, (int) number);
                given += 4;
            }
        }
        return given;
    }

    private long sendMessages(GuestThread t, int fd, long[] a) throws BadAddressException {
        int w = t.process.abi.wordBytes();
        long most = Math.min(a[2] & 0xffff_ffffL, MOST_MESSAGES);
        for (int i = 0; i < most; i++) {
            long at = a[1] + (long) i * 8 * w;
            long n;
            try {
                n = sendMessage(t, fd, at, a[3]);
                if (n >= 0) {
                    t.memory().put(at + 7L * w, 4, n);
                }
            } catch (BadAddressException _) {
                n = -EFAULT;
            }
            if (n < 0) {
                return i > 0 ? i : n;
            }
        }
        return most;
    }

    /// The time is looked at after each message only: the kernel's call waits for a first one however long it takes.
    private long receiveMessages(GuestThread t, int fd, long[] a, boolean wide)
            throws BadAddressException {
        int w = t.process.abi.wordBytes();
        long most = Math.min(a[2] & 0xffff_ffffL, MOST_MESSAGES);
        long flags = a[3] & ~MSG_WAITFORONE;
        long deadline = Long.MAX_VALUE;
        MemorySegment s = t.scratch.structs();
        if (a[4] != 0) {
            TimeCalls.getTimes(t, a[4], s, 1, wide);
            if (!TimeCalls.isValid(s, 0)) {
                return -EINVAL;
            }
            deadline = TimeCalls.deadline(t, a[4], wide);
        }
        long result = 0;
        int count = 0;
        boolean isOver = false;
        while (count < most && !isOver) {
            long at = a[1] + (long) count * 8 * w;
            try {
                result = receiveMessage(t, fd, at, flags);
                if (result >= 0) {
                    t.memory().put(at + 7L * w, 4, result);
                }
            } catch (BadAddressException _) {
                result = -EFAULT;
            }
            if (result < 0) {
                break;
            }
            count++;
            if ((a[3] & MSG_WAITFORONE) != 0) {
                flags |= MSG_DONTWAIT;
            }
            isOver = deadline != Long.MAX_VALUE && deadline - System.nanoTime() <= 0;
        }
        if (count > 0 && a[4] != 0) {
            long left = Math.max(0, deadline - System.nanoTime());
            s.set(LONG, 0, left / 1_000_000_000);
            s.set(LONG, 8, left % 1_000_000_000);
            TimeCalls.putTimes(t, a[4], s, 1, wide);
        }
        return count > 0 ? count : result;
    }

    // ---- options

    private static long setOption(GuestThread t, int fd, long[] a) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        long option = abi.socketOptionToHost((int) a[1], (int) a[2]);
        int level = (int) (option >>> 32);
        int name = (int) option;
        if (a[4] < 0 || a[4] > 4096) {
            return -EINVAL;
        }
        if (level == SOL_SOCKET && (takesProgram(name) || name == SO_ZEROCOPY)) {
            return -ENOPROTOOPT;
        }
        MemorySegment s = t.scratch.structs();
        if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
            TimeCalls.getTimes(t, a[3], s, 1, false);
            return host(HostCall.SETSOCKOPT, fd, level, name, s.address(), 16);
        }
        byte[] raw = t.memory().bytes(a[3], (int) a[4]);
        turnInts(abi, raw);
        MemorySegment.copy(MemorySegment.ofArray(raw), 0, s, 0, raw.length);
        return host(HostCall.SETSOCKOPT, fd, level, name, s.address(), raw.length);
    }

    /// Filters come by address, which would be one of the host's.
    private static boolean takesProgram(int name) {
        return switch (name) {
            case SO_ATTACH_FILTER,
                    SO_ATTACH_BPF,
                    SO_ATTACH_REUSEPORT_CBPF,
                    SO_ATTACH_REUSEPORT_EBPF ->
                    true;
            default -> false;
        };
    }

    /// Options are numbers of 32 bits, alone or in structures.
    private static void turnInts(GuestAbi abi, byte[] raw) {
        if (abi.isa.order() == ByteOrder.BIG_ENDIAN) {
            for (int i = 0; i + 4 <= raw.length; i += 4) {
                byte a = raw[i];
                byte b = raw[i + 1];
                raw[i] = raw[i + 3];
                raw[i + 1] = raw[i + 2];
                raw[i + 2] = b;
                raw[i + 3] = a;
            }
        }
    }

    private static long getOption(GuestThread t, int fd, long[] a) throws BadAddressException {
        GuestAbi abi = t.process.abi;
        long option = abi.socketOptionToHost((int) a[1], (int) a[2]);
        int level = (int) (option >>> 32);
        int name = (int) option;
        MemorySegment s = t.scratch.structs();
        int room = (int) t.memory().get(a[4], 4);
        if (room < 0) {
            return -EINVAL;
        }
        if (level == SOL_SOCKET && name == SO_PEERPIDFD) {
            return -ENOPROTOOPT;
        }
        boolean time = level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO);
        // What some options take from there must be nobody's leftovers.
        s.asSlice(0, 4096).fill((byte) 0);
        s.set(INT, 8192, time ? 16 : Math.min(room, 4096));
        long result = host(HostCall.GETSOCKOPT, fd, level, name, s.address(), s.address() + 8192);
        if (result < 0) {
            return result;
        }
        int length = s.get(INT, 8192);
        if (time) {
            TimeCalls.putTimes(t, a[3], s, 1, false);
            t.memory().put(a[4], 4, 2L * abi.wordBytes());
            return result;
        }
        byte[] raw = s.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        turnInts(abi, raw);
        if (level == SOL_SOCKET && name == 3 && raw.length == 4) { // SO_TYPE
            ByteBuffer type = abi.buffer(raw);
            type.putInt(0, abi.socketTypeToGuest(type.getInt(0)));
        }
        t.memory().put(a[3], raw);
        t.memory().put(a[4], 4, length);
        return result;
    }
}
