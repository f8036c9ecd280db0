package straddle.devices.ide;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.BlockStatus;

/// An ATAPI CD-ROM drive (ATA/ATAPI-7, T13/1532D, volume 1, 6.24; MMC-3, T10/1363D, and SPC-2 for the packets) with the
/// commands that installers, kernels and firmware send.
///
/// A disc is one data track of 2,048-byte sectors; there is no audio, and no raw reading. What is left of an image behind its last
/// whole sector can't be read.
public final class AtapiCdrom extends IdeDrive {
    private static final int SECTOR = 2048;
    private static final int PACKET_BYTES = 12;
    private static final int REPLY_BYTES = 256;
    private static final int FEATURE_DMA = 1;
    private static final int LARGEST_BLOCK = 0xfffe;

    private static final int REASON_COMMAND = 1;
    private static final int REASON_TO_HOST = 2;

    private static final int SENSE_NONE = 0;
    private static final int SENSE_NOT_READY = 2;
    private static final int SENSE_MEDIUM_ERROR = 3;
    private static final int SENSE_ILLEGAL_REQUEST = 5;
    private static final int SENSE_UNIT_ATTENTION = 6;

    private static final int READ_ERROR = 0x11;
    private static final int INVALID_COMMAND = 0x20;
    private static final int OUT_OF_RANGE = 0x21;
    private static final int INVALID_FIELD = 0x24;
    private static final int MEDIUM_CHANGED = 0x28;
    private static final int NO_MEDIUM = 0x3a;
    private static final int REMOVAL_PREVENTED = 0x53;

    private static final int LEAD_OUT = 0xaa;
    private static final int DATA_TRACK = 0x14;
    private static final int TWO_SECONDS = 150;

    private static final int PAGE_ERROR_RECOVERY = 0x01;
    private static final int PAGE_AUDIO = 0x0e;
    private static final int PAGE_CAPABILITIES = 0x2a;
    private static final int ALL_PAGES = 0x3f;

    private static final int PROFILE_CD_ROM = 0x0008;
    private static final int PROFILE_DVD_ROM = 0x0010;

    /// A CD has at most 80 minutes of 75 sectors a second; larger images are DVDs.
    private static final long CD_SECTORS = 80 * 60 * 75;

    private static final int EVENT_MEDIA = 4;
    private static final int EVENT_NEW_MEDIA = 2;
    private static final int EVENT_REMOVED = 3;

    /// What is read when a disc has gone in the middle of a transfer.
    private static final BlockBackend NO_DISC =
            new BlockBackend() {
                @Override
                public long length() {
                    return SECTOR_BYTES;
                }

                @Override
                public boolean isReadOnly() {
                    return true;
                }

                @Override
                public BlockStatus read(long offset, MemorySegment to) {
                    return BlockStatus.IO_ERROR;
                }

                @Override
                public BlockStatus write(long offset, MemorySegment from) {
                    return BlockStatus.READ_ONLY;
                }

                @Override
                public BlockStatus flush() {
                    return BlockStatus.OK;
                }

                @Override
                public void close() {}
            };

    private final String serial;
    private Optional<BlockBackend> disc;
    private int transferMode;
    private int senseKey;
    private int senseCode;
    private boolean attention;
    private boolean locked;
    private int event;
    private boolean byDma;

    /// Whether the packet's parameters, not a packet, come next.
    private boolean awaitsParameters;

    /// @param disc what lies in it, which stays the caller's; empty for none
    /// @param serial up to 20 characters of ASCII
    public AtapiCdrom(Optional<BlockBackend> disc, String serial) {
        this.disc = disc;
        this.serial = serial;
    }

    /// Changes the disc: the guest is told at its next command. Under the machine lock, once the channel's requests have ended.
    ///
    /// @param next empty to leave the tray empty
    public void insert(Optional<BlockBackend> next) {
        requests().drain();
        disc = next;
        attention = next.isPresent();
        event = next.isPresent() ? EVENT_NEW_MEDIA : EVENT_REMOVED;
    }

    @Override
    void sign() {
        setSignature(1, 0x14, 0xeb);
        setStatus(0);
        transferMode = 0x45;
        senseKey = SENSE_NONE;
        senseCode = 0;
        locked = false;
        byDma = false;
        awaitsParameters = false;
    }

    @Override
    BlockBackend medium() {
        return disc.orElse(NO_DISC);
    }

    @Override
    boolean writesThrough() {
        return false;
    }

    @Override
    boolean endsWithInterrupt() {
        return true;
    }

    @Override
    void execute(int command) {
        switch (command) {
            case 0xa0 -> {
                byDma = (feature() & FEATURE_DMA) != 0;
                awaitsParameters = false;
                setCount(REASON_COMMAND);
                receive(PACKET_BYTES, false);
            }
            case 0xa1 -> identify();
            case 0x08 -> {
                reset();
                setStatus(0);
            }
            case 0xec, 0x20, 0x21, 0x90 -> {
                setSignature(1, 0x14, 0xeb);
                abort(ABRT);
            }
            case 0xef -> {
                if (feature() == 0x03) {
                    transferMode = count();
                }
                done();
            }
            case 0xe5 -> {
                setCount(0xff);
                done();
            }
            case 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0xe7, 0x00 -> done();
            default -> abort(ABRT);
        }
    }

    /// Volume 1, 6.18.
    private void identify() {
        byte[] identity = new byte[IDENTIFY_BYTES];
        putWord(identity, 0, 0x85c0);
        putText(identity, 10, 10, serial);
        putText(identity, 23, 4, "1");
        putText(identity, 27, 20, "STRADDLE CD-ROM");
        putWord(identity, 49, 0x0b00);
        putWord(identity, 53, 0x0006);
        AtaDisk.putModes(identity, transferMode);
        putWord(identity, 80, 0x00f0);
        putWord(identity, 82, 0x4210);
        putWord(identity, 83, 0x4000);
        putWord(identity, 84, 0x4000);
        putWord(identity, 85, 0x4210);
        putWord(identity, 87, 0x4000);
        putWord(identity, 93, 0x6001);
        reply(identity, IDENTIFY_BYTES, false, IDENTIFY_BYTES);
    }

    @Override
    void handing(int length) {
        setMiddle(length);
        setCount(REASON_TO_HOST);
    }

    @Override
    void finished() {
        setCount(REASON_TO_HOST | REASON_COMMAND);
        done();
    }

    @Override
    void failed(BlockStatus why) {
        if (why == BlockStatus.OUT_OF_RANGE) {
            refuse(SENSE_ILLEGAL_REQUEST, OUT_OF_RANGE);
        } else {
            refuse(SENSE_MEDIUM_ERROR, READ_ERROR);
        }
    }

    /// A command ends with a check condition, whose reason the guest asks for.
    private void refuse(int key, int code) {
        senseKey = key;
        senseCode = code;
        setCount(REASON_TO_HOST | REASON_COMMAND);
        abort(key << 4 | ABRT);
    }

    private void invalidField() {
        refuse(SENSE_ILLEGAL_REQUEST, INVALID_FIELD);
    }

    /// A packet has come, or the parameters of one, which are taken without effect.
    @Override
    void received(byte[] data, int length) {
        if (awaitsParameters) {
            awaitsParameters = false;
            finished();
            return;
        }
        byte[] packet = new byte[PACKET_BYTES];
        System.arraycopy(data, 0, packet, 0, PACKET_BYTES);
        int operation = Byte.toUnsignedInt(packet[0]);
        if (attention && operation != 0x12 && operation != 0x03 && operation != 0x4a) {
            attention = false;
            refuse(SENSE_UNIT_ATTENTION, MEDIUM_CHANGED);
        } else if (needsDisc(operation) && disc.isEmpty()) {
            refuse(SENSE_NOT_READY, NO_MEDIUM);
        } else {
            execute(operation, ByteBuffer.wrap(packet));
        }
    }

    private static boolean needsDisc(int operation) {
        return switch (operation) {
            case 0x00, 0x25, 0x28, 0xa8, 0xbe, 0x2b, 0x43, 0x51 -> true;
            default -> false;
        };
    }

    /// The packets by their operation codes (MMC-3, table 83).
    private void execute(int operation, ByteBuffer packet) {
        switch (operation) {
            case 0x00, 0x2b, 0xbb -> finished();
            case 0x03 -> requestSense(packet.get(4) & 0xff);
            case 0x12 -> inquire(packet);
            case 0x1a -> modeSense(packet.get(2) & 0x3f, packet.get(4) & 0xff, 4);
            case 0x5a -> modeSense(packet.get(2) & 0x3f, packet.getShort(7) & 0xffff, 8);
            case 0x55 -> modeSelect(packet.getShort(7) & 0xffff);
            case 0x1b -> startStop(packet.get(4));
            case 0x1e -> {
                locked = (packet.get(4) & 1) != 0;
                finished();
            }
            case 0x25 -> readCapacity();
            case 0x28 -> read(packet.getInt(2), packet.getShort(7) & 0xffffL);
            case 0xa8 -> read(packet.getInt(2), packet.getInt(6) & 0xffff_ffffL);
            case 0xbe -> readCd(packet);
            case 0x43 -> readToc(packet);
            case 0x46 -> getConfiguration(packet);
            case 0x4a -> getEventStatus(packet);
            case 0x51 -> readDiscInformation(packet.getShort(7) & 0xffff);
            case 0xbd -> mechanismStatus(packet.getShort(8) & 0xffff);
            case 0xad -> invalidField();
            default -> refuse(SENSE_ILLEGAL_REQUEST, INVALID_COMMAND);
        }
    }

    /// Hands over as much of a reply as the guest has asked for.
    private void answer(ByteBuffer reply, int allocated) {
        int length = Math.min(reply.position(), allocated);
        if (length == 0) {
            finished();
        } else {
            byte[] bytes = new byte[length];
            reply.get(0, bytes);
            reply(bytes, length, byDma, blockBytes());
        }
    }

    private static ByteBuffer reply() {
        return ByteBuffer.allocate(REPLY_BYTES);
    }

    /// The count of bytes that the guest takes at a time, which is even unless it is all.
    private int blockBytes() {
        int limit = middle();
        return limit == 0 || limit == 0xffff ? LARGEST_BLOCK : Math.max(2, limit & ~1);
    }

    private long sectors() {
        return disc.map(BlockBackend::length).orElse(0L) / SECTOR;
    }

    private void requestSense(int allocated) {
        ByteBuffer sense = reply();
        sense.put((byte) 0x70).put((byte) 0).put((byte) senseKey).putInt(0).put((byte) 10);
        sense.putInt(0).put((byte) senseCode).put(new byte[5]);
        if (attention) {
            attention = false;
            sense.put(2, (byte) SENSE_UNIT_ATTENTION).put(12, (byte) MEDIUM_CHANGED);
        }
        senseKey = SENSE_NONE;
        senseCode = 0;
        answer(sense, allocated);
    }

    private void inquire(ByteBuffer packet) {
        if ((packet.get(1) & 3) != 0) {
            invalidField();
            return;
        }
        ByteBuffer inquiry = reply();
        inquiry.put((byte) 5).put((byte) 0x80).put((byte) 0).put((byte) 0x21).put((byte) 31);
        inquiry.put(new byte[3]).put(text("STRADDLE", 8)).put(text("CD-ROM", 16)).put(text("1", 4));
        answer(inquiry, packet.getShort(3) & 0xffff);
    }

    private static byte[] text(String text, int length) {
        return (text + " ".repeat(length - text.length())).getBytes(StandardCharsets.US_ASCII);
    }

    /// SPC-2, 8.3; the capabilities are MMC-3's, 6.3.11.
    private void modeSense(int page, int allocated, int header) {
        ByteBuffer mode = reply();
        mode.position(header);
        boolean all = page == ALL_PAGES;
        if (all || page == PAGE_ERROR_RECOVERY) {
            mode.put((byte) PAGE_ERROR_RECOVERY).put((byte) 6).put(new byte[6]);
        }
        if (all || page == PAGE_AUDIO) {
            mode.put((byte) PAGE_AUDIO).put((byte) 14).put((byte) 4).put(new byte[13]);
        }
        if (all || page == PAGE_CAPABILITIES) {
            putCapabilities(mode);
        }
        if (mode.position() == header) {
            invalidField();
            return;
        }
        if (header == 8) {
            mode.putShort(0, (short) (mode.position() - 2)).put(2, (byte) mediumType());
        } else {
            mode.put(0, (byte) (mode.position() - 1)).put(1, (byte) mediumType());
        }
        answer(mode, allocated);
    }

    private int mediumType() {
        return disc.isPresent() ? 0x01 : 0x70;
    }

    private void putCapabilities(ByteBuffer mode) {
        int lock = locked ? 0x2b : 0x29;
        mode.put((byte) PAGE_CAPABILITIES).put((byte) 18);
        mode.put((byte) 0x3b).put((byte) 0).put((byte) 0x70).put((byte) 0);
        mode.put((byte) lock).put((byte) 0).putShort((short) 706).putShort((short) 2);
        mode.putShort((short) 512).putShort((short) 706).put(new byte[4]);
    }

    private void modeSelect(int length) {
        if (length == 0) {
            finished();
        } else {
            awaitsParameters = true;
            setCount(0);
            setMiddle(length);
            receive(length, true);
        }
    }

    private void startStop(int what) {
        boolean ejects = (what & 2) != 0 && (what & 1) == 0;
        if (ejects && locked) {
            refuse(SENSE_NOT_READY, REMOVAL_PREVENTED);
            return;
        }
        if (ejects && disc.isPresent()) {
            disc = Optional.empty();
            event = EVENT_REMOVED;
        }
        finished();
    }

    private void readCapacity() {
        ByteBuffer capacity = reply();
        capacity.putInt((int) Math.min(sectors() - 1, 0xffff_fffeL)).putInt(SECTOR);
        answer(capacity, 8);
    }

    private void read(int first, long count) {
        long lba = Integer.toUnsignedLong(first);
        if (lba + count > sectors()) {
            refuse(SENSE_ILLEGAL_REQUEST, OUT_OF_RANGE);
        } else if (count == 0) {
            finished();
        } else {
            readMedium(lba * SECTOR, count * SECTOR, byDma, blockBytes());
        }
    }

    /// Only the data of a sector, not what surrounds them, can be had.
    private void readCd(ByteBuffer packet) {
        int parts = packet.get(9) & 0xf8;
        if (parts == 0) {
            finished();
        } else if (parts == 0x10) {
            read(packet.getInt(2), packet.getInt(5) & 0xff_ffffL);
        } else {
            invalidField();
        }
    }

    /// MMC-3, 5.22: one track, from 0 to the end.
    private void readToc(ByteBuffer packet) {
        boolean msf = (packet.get(1) & 2) != 0;
        int format = packet.get(2) & 0xf;
        if (format == 0) {
            format = packet.get(9) >>> 6 & 3;
        }
        int track = packet.get(6) & 0xff;
        ByteBuffer toc = reply();
        toc.putShort((short) 0).put((byte) 1).put((byte) 1);
        switch (format) {
            case 0 -> {
                if (track > 1 && track != LEAD_OUT) {
                    invalidField();
                    return;
                }
                if (track <= 1) {
                    putTrack(toc, 1, address(0, msf));
                }
                putTrack(toc, LEAD_OUT, address(sectors(), msf));
            }
            case 1 -> putTrack(toc, 1, address(0, msf));
            case 2 -> putRawToc(toc);
            default -> {
                invalidField();
                return;
            }
        }
        toc.putShort(0, (short) (toc.position() - 2));
        answer(toc, packet.getShort(7) & 0xffff);
    }

    private static void putTrack(ByteBuffer toc, int number, int address) {
        toc.put((byte) 0).put((byte) DATA_TRACK).put((byte) number).put((byte) 0).putInt(address);
    }

    private void putRawToc(ByteBuffer toc) {
        int[] points = {0xa0, 0xa1, 0xa2, 1};
        int[] addresses = {1 << 16, 1 << 16, address(sectors(), true), address(0, true)};
        for (int i = 0; i < points.length; i++) {
            toc.put((byte) 1).put((byte) DATA_TRACK).put((byte) 0).put((byte) points[i]);
            toc.putInt(0).put((byte) (addresses[i] >>> 16)).put((byte) (addresses[i] >>> 8));
            toc.put((byte) addresses[i]);
        }
    }

    /// A sector as a number, or as minutes, seconds and frames behind the lead-in.
    private static int address(long sector, boolean msf) {
        if (!msf) {
            return (int) sector;
        }
        long frames = sector + TWO_SECONDS;
        return (int) (frames / (75 * 60) << 16 | frames / 75 % 60 << 8 | frames % 75);
    }

    /// MMC-3, 5.5: what it can do, feature by feature.
    private void getConfiguration(ByteBuffer packet) {
        int start = packet.getShort(2) & 0xffff;
        boolean one = (packet.get(1) & 3) == 2;
        boolean dvd = sectors() > CD_SECTORS;
        int profile = dvd ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
        ByteBuffer configuration = reply();
        configuration.putInt(0).putShort((short) 0);
        configuration.putShort((short) (disc.isPresent() ? profile : 0));
        ByteBuffer profiles = ByteBuffer.allocate(8);
        profiles.putShort((short) PROFILE_DVD_ROM).put((byte) (dvd ? 1 : 0)).put((byte) 0);
        profiles.putShort((short) PROFILE_CD_ROM).put((byte) (dvd ? 0 : 1));
        byte[][] features = {
            feature(0x0000, 0x03, profiles.array()),
            feature(0x0001, 0x07, new byte[] {0, 0, 0, 2}),
            feature(0x0003, 0x03, new byte[] {0x29, 0, 0, 0}),
            feature(0x0010, disc.isPresent() ? 1 : 0, new byte[] {0, 0, 8, 0, 0, 1, 0, 0}),
            feature(0x001e, disc.isPresent() ? 9 : 8, new byte[4])
        };
        for (byte[] each : features) {
            int code = (each[0] & 0xff) << 8 | each[1] & 0xff;
            if (one ? code == start : code >= start) {
                configuration.put(each);
            }
        }
        configuration.putInt(0, configuration.position() - 4);
        answer(configuration, packet.getShort(7) & 0xffff);
    }

    private static byte[] feature(int code, int flags, byte[] body) {
        ByteBuffer feature = ByteBuffer.allocate(4 + body.length);
        feature.putShort((short) code).put((byte) flags).put((byte) body.length).put(body);
        return feature.array();
    }

    /// MMC-3, 5.6: polled only.
    private void getEventStatus(ByteBuffer packet) {
        if ((packet.get(1) & 1) == 0) {
            invalidField();
            return;
        }
        ByteBuffer status = reply();
        boolean media = (packet.get(4) & 1 << EVENT_MEDIA) != 0;
        status.putShort((short) (media ? 6 : 2));
        status.put((byte) (media ? EVENT_MEDIA : 0x80)).put((byte) (1 << EVENT_MEDIA));
        if (media) {
            status.put((byte) event).put((byte) (disc.isPresent() ? 2 : 0)).putShort((short) 0);
            event = 0;
        }
        answer(status, packet.getShort(7) & 0xffff);
    }

    /// MMC-3, 5.18: a finished disc of one session and one track.
    private void readDiscInformation(int allocated) {
        ByteBuffer information = reply();
        information.putShort((short) 32).put((byte) 0x0e).put(new byte[] {1, 1, 1, 1, 0x20});
        information.put(new byte[26]);
        answer(information, allocated);
    }

    private void mechanismStatus(int allocated) {
        ByteBuffer status = reply();
        status.put(new byte[] {0, 0, 0, 0, 0, 1, 0, 0});
        answer(status, allocated);
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putInt("transferMode", transferMode);
        out.putInt("senseKey", senseKey);
        out.putInt("senseCode", senseCode);
        out.putBoolean("attention", attention);
        out.putBoolean("locked", locked);
        out.putInt("event", event);
        out.putBoolean("byDma", byDma);
        out.putBoolean("awaitsParameters", awaitsParameters);
        out.putBoolean("loaded", disc.isPresent());
    }

    /// The disc is whoever restores's to insert before; one that the guest had ejected stays out.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        transferMode = in.getInt("transferMode", 0, 0xff);
        senseKey = in.getInt("senseKey", 0, 0xf);
        senseCode = in.getInt("senseCode", 0, 0xff);
        attention = in.getBoolean("attention");
        locked = in.getBoolean("locked");
        event = in.getInt("event", 0, EVENT_REMOVED);
        byDma = in.getBoolean("byDma");
        awaitsParameters = in.getBoolean("awaitsParameters");
        boolean loaded = in.getBoolean("loaded");
        if (loaded && disc.isEmpty()) {
            throw new SnapshotException(
                    "The snapshot has a disc in the CD-ROM drive; here is none.");
        }
        if (!loaded) {
            disc = Optional.empty();
        }
    }
}
