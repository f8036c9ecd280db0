package straddle.devices.ide;

import java.util.Objects;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.BlockStatus;

/// An ATA disk with 48-bit addresses, DMA and a write cache (ATA/ATAPI-7, T13/1532D, volume 1, chapter 6).
///
/// It has no SMART, no security and no queueing. An error within a transfer is reported for the piece of up to 128 KiB that
/// it lies in. Transfer modes are stored: all are as fast as the host.
public final class AtaDisk extends IdeDrive {
    private static final int SECTOR = BlockBackend.SECTOR_BYTES;
    private static final int HEADS = 16;
    private static final int SECTORS_A_TRACK = 63;
    private static final int MOST_CYLINDERS = 16_383;
    private static final int MOST_MULTIPLE = 16;
    private static final long LBA_28_SECTORS = 0x0fff_ffffL;
    private static final long LBA_48_SECTORS = 1L << 48;
    private static final int SERIAL_CHARACTERS = 20;
    private static final int NEVER_SLEEPS = 0xff;

    private static final int MODE_MULTIWORD = 0x20;
    private static final int MODE_ULTRA = 0x40;
    private static final int MODE_KIND = 0xf8;
    private static final int MULTIWORD_MODES = 0x07;
    private static final int ULTRA_MODES = 0x3f;

    private final BlockBackend disk;
    private final String serial;
    private final long sectors;
    private int heads;
    private int sectorsATrack;
    private int multiple;
    private int transferMode;
    private boolean cacheOn;

    /// @param disk stays the caller's
    /// @param serial up to 20 characters of ASCII
    public AtaDisk(BlockBackend disk, String serial) {
        this.disk = Objects.requireNonNull(disk);
        if (serial.length() > SERIAL_CHARACTERS) {
            throw new IllegalArgumentException(serial + " has more than 20 characters");
        }
        this.serial = serial;
        sectors = Math.min(disk.length() / SECTOR, LBA_48_SECTORS);
    }

    @Override
    void sign() {
        setSignature(1, 0, 0);
        ready();
        heads = HEADS;
        sectorsATrack = SECTORS_A_TRACK;
        multiple = 0;
        transferMode = MODE_ULTRA | 5;
        cacheOn = true;
    }

    @Override
    BlockBackend medium() {
        return disk;
    }

    @Override
    boolean writesThrough() {
        return !cacheOn;
    }

    @Override
    boolean endsWithInterrupt() {
        return false;
    }

    @Override
    void received(byte[] data, int length) {
        done();
    }

    @Override
    void finished() {
        done();
    }

    @Override
    void failed(BlockStatus why) {
        abort(
                switch (why) {
                    case READ_ONLY -> ABRT;
                    case OUT_OF_RANGE -> IDNF;
                    default -> UNC;
                });
    }

    /// The commands by their codes (table 19).
    @Override
    void execute(int command) {
        switch (command) {
            case 0x20, 0x21 -> read(false, false, 1);
            case 0x24 -> read(true, false, 1);
            case 0x25 -> read(true, true, 1);
            case 0xc8, 0xc9 -> read(false, true, 1);
            case 0xc4 -> readMultiple(false);
            case 0x29 -> readMultiple(true);
            case 0x30, 0x31 -> write(false, false, 1);
            case 0x34 -> write(true, false, 1);
            case 0x35, 0x3d -> write(true, true, 1);
            case 0xca, 0xcb -> write(false, true, 1);
            case 0xc5 -> writeMultiple(false);
            case 0x39, 0xce -> writeMultiple(true);
            case 0x40, 0x41 -> verify(false);
            case 0x42 -> verify(true);
            case 0xe7, 0xea -> request(disk::flush);
            case 0xec -> identify();
            case 0xef -> setFeatures();
            case 0xc6 -> setMultiple();
            case 0x91 -> setGeometry();
            case 0xf8 -> nativeMaximum(false);
            case 0x27 -> nativeMaximum(true);
            case 0xe5, 0x98 -> {
                setCount(NEVER_SLEEPS);
                done();
            }
            case 0x10, 0x70, 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0x94, 0x95, 0x96, 0x97, 0x99 -> done();
            default -> abort(ABRT);
        }
    }

    /// Where the registers point to, in sectors.
    private long place(boolean wide) {
        if (wide || isByBlocks()) {
            return address(wide);
        }
        return ((long) middle() * heads + head()) * sectorsATrack + lowRegister() - 1;
    }

    /// Whether the registers name sectors that are there; else the command has ended.
    private boolean isWithin(boolean wide) {
        long first = place(wide);
        boolean within = first >= 0 && first + sectors(wide) <= sectors;
        if (!within) {
            abort(IDNF);
        }
        return within;
    }

    private void read(boolean wide, boolean byDma, int blockSectors) {
        if (isWithin(wide)) {
            long length = (long) sectors(wide) * SECTOR;
            readMedium(place(wide) * SECTOR, length, byDma, blockSectors * SECTOR);
        }
    }

    private void write(boolean wide, boolean byDma, int blockSectors) {
        if (disk.isReadOnly()) {
            abort(ABRT);
        } else if (isWithin(wide)) {
            long length = (long) sectors(wide) * SECTOR;
            writeMedium(place(wide) * SECTOR, length, byDma, blockSectors * SECTOR);
        }
    }

    private void readMultiple(boolean wide) {
        if (multiple == 0) {
            abort(ABRT);
        } else {
            read(wide, false, multiple);
        }
    }

    private void writeMultiple(boolean wide) {
        if (multiple == 0) {
            abort(ABRT);
        } else {
            write(wide, false, multiple);
        }
    }

    private void verify(boolean wide) {
        if (isWithin(wide)) {
            done();
        }
    }

    private void setMultiple() {
        int wanted = count();
        if (wanted > MOST_MULTIPLE || Integer.bitCount(wanted) != 1) {
            multiple = 0;
            abort(ABRT);
        } else {
            multiple = wanted;
            done();
        }
    }

    private void setGeometry() {
        if (count() == 0) {
            abort(ABRT);
        } else {
            heads = head() + 1;
            sectorsATrack = count();
            done();
        }
    }

    private void nativeMaximum(boolean wide) {
        setAddress(wide, (wide ? sectors : Math.min(sectors, LBA_28_SECTORS)) - 1);
        done();
    }

    /// Volume 1, 6.47.
    private void setFeatures() {
        switch (feature()) {
            case 0x02, 0x82 -> setCache(feature() == 0x02);
            case 0x03 -> {
                transferMode = count();
                done();
            }
            case 0x55, 0xaa, 0x66, 0xcc -> done();
            default -> abort(ABRT);
        }
    }

    /// What is cached must be on the disk once the cache is off.
    private void setCache(boolean on) {
        cacheOn = on;
        if (on) {
            done();
        } else {
            request(disk::flush);
        }
    }

    /// Volume 1, 6.17.
    private void identify() {
        byte[] identity = new byte[IDENTIFY_BYTES];
        int cylinders = Math.clamp(sectors / (HEADS * SECTORS_A_TRACK), 1, MOST_CYLINDERS);
        putWord(identity, 0, 0x0040);
        putWord(identity, 1, cylinders);
        putWord(identity, 3, HEADS);
        putWord(identity, 6, SECTORS_A_TRACK);
        putText(identity, 10, 10, serial);
        putText(identity, 23, 4, "1");
        putText(identity, 27, 20, "STRADDLE DISK");
        putWord(identity, 47, 0x8000 | MOST_MULTIPLE);
        putWord(identity, 49, 0x0b00);
        putWord(identity, 50, 0x4000);
        putWord(identity, 51, 0x0200);
        putWord(identity, 53, 0x0007);
        putCurrentGeometry(identity);
        putWord(identity, 59, multiple == 0 ? 0 : 0x0100 | multiple);
        putNumber(identity, 60, 2, Math.min(sectors, LBA_28_SECTORS));
        putModes(identity, transferMode);
        putWord(identity, 80, 0x00f0);
        putWord(identity, 82, 0x4020);
        putWord(identity, 83, 0x7400);
        putWord(identity, 84, 0x4000);
        putWord(identity, 85, cacheOn ? 0x4020 : 0x4000);
        putWord(identity, 86, 0x3400);
        putWord(identity, 87, 0x4000);
        putWord(identity, 93, 0x6001);
        putNumber(identity, 100, 4, sectors);
        reply(identity, IDENTIFY_BYTES, false, IDENTIFY_BYTES);
    }

    private void putCurrentGeometry(byte[] identity) {
        int cylinders = Math.clamp(sectors / heads / sectorsATrack, 1, MOST_CYLINDERS);
        putWord(identity, 54, cylinders);
        putWord(identity, 55, heads);
        putWord(identity, 56, sectorsATrack);
        putNumber(identity, 57, 2, (long) cylinders * heads * sectorsATrack);
    }

    /// Words 63 to 68 and 88: what a drive can do, and what is set.
    static void putModes(byte[] identity, int mode) {
        int chosen = 1 << 8 + (mode & 7);
        int kind = mode & MODE_KIND;
        putWord(identity, 63, MULTIWORD_MODES | (kind == MODE_MULTIWORD ? chosen : 0));
        putWord(identity, 64, 3);
        for (int word = 65; word <= 68; word++) {
            putWord(identity, word, 120);
        }
        putWord(identity, 88, ULTRA_MODES | (kind == MODE_ULTRA ? chosen : 0));
    }

    private static void putNumber(byte[] identity, int word, int words, long value) {
        for (int i = 0; i < words; i++) {
            putWord(identity, word + i, (int) (value >>> 16 * i));
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putInt("heads", heads);
        out.putInt("sectorsATrack", sectorsATrack);
        out.putInt("multiple", multiple);
        out.putInt("transferMode", transferMode);
        out.putBoolean("cacheOn", cacheOn);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        heads = in.getInt("heads", 1, HEADS);
        sectorsATrack = in.getInt("sectorsATrack", 1, 0xff);
        multiple = in.getInt("multiple", 0, MOST_MULTIPLE);
        transferMode = in.getInt("transferMode", 0, 0xff);
        cacheOn = in.getBoolean("cacheOn");
    }
}
