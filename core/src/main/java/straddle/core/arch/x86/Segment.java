package straddle.core.arch.x86;

import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// A segment register with its hidden part (SDM volume 3, 3.4.3), LDTR and TR included.
public final class Segment implements Snapshotable {
    /// Bits of [#attributes], as in bits 40 to 55 of a descriptor: type in 0-3, limit bits 16-19 left out (0).
    public static final int TYPE = 0xf;

    public static final int S = 1 << 4;
    public static final int DPL_SHIFT = 5;
    public static final int P = 1 << 7;
    public static final int AVL = 1 << 12;
    public static final int L = 1 << 13;
    public static final int DB = 1 << 14;
    public static final int G = 1 << 15;

    /// Not in the architecture: the register holds a null selector and can't be used (SDM volume 3, 26.4.1).
    public static final int UNUSABLE = 1 << 16;

    /// Where a descriptor has its attributes.
    public static final int ATTRIBUTES_SHIFT = 40;

    public int selector;
    public long base;

    /// In bytes, the granularity applied: 0 to 0xffff_ffff, as an unsigned int.
    public int limit;

    public int attributes;

    /// All zero: an unusable register.
    public Segment() {}

    public int dpl() {
        return attributes >>> DPL_SHIFT & 3;
    }

    public boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    public void set(int selector, long base, int limit, int attributes) {
        this.selector = selector;
        this.base = base;
        this.limit = limit;
        this.attributes = attributes;
    }

    /// What a register has after loading a code or data segment's descriptor (SDM volume 3, 3.4.5).
    public void load(int selector, long descriptor) {
        set(selector, base(descriptor), limit(descriptor), attributes(descriptor));
    }

    /// The lower 32 bits, which are all in 8 bytes of a descriptor.
    public static long base(long descriptor) {
        return descriptor >>> 16 & 0xff_ffff | descriptor >>> 32 & 0xff00_0000L;
    }

    /// As [#limit].
    public static int limit(long descriptor) {
        int limit = (int) (descriptor & 0xffff | descriptor >>> 32 & 0xf_0000);
        return (descriptor & (long) G << ATTRIBUTES_SHIFT) != 0 ? limit << 12 | 0xfff : limit;
    }

    /// As [#attributes].
    public static int attributes(long descriptor) {
        return (int) (descriptor >>> ATTRIBUTES_SHIFT) & 0xf0ff;
    }

    public void copyFrom(Segment other) {
        set(other.selector, other.base, other.limit, other.attributes);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("selector", selector);
        out.putLong("base", base);
        out.putInt("limit", limit);
        out.putInt("attributes", attributes);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        set(
                in.getInt("selector", 0, 0xffff),
                in.getLong("base"),
                in.getInt("limit"),
                in.getInt("attributes", 0, 0x1ffff));
    }

    @Override
    public String toString() {
        return "%04x base %016x limit %08x attributes %05x"
                .formatted(selector, base, limit, attributes);
    }
}
