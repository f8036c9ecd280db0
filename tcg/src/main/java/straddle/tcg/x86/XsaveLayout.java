package straddle.tcg.x86;

/// Which state components XSAVE knows and where the standard format has them, as CPUID's leaf 0DH tells (SDM volume 1,
/// 13.2 and 13.4).
///
/// x87 and SSE are in the legacy region; the others follow the header. A component beyond AVX is one that the translator
/// has no instructions for: it is carried along.
final class XsaveLayout {
    static final int X87 = 1;
    static final int SSE = 2;
    static final int AVX = 4;

    static final int LEGACY_BYTES = 512;
    static final int HEADER_END = 576;

    private static final int FIRST_EXTENDED = 2;
    private static final int COMPONENTS = 63;

    private final int[] offsets = new int[COMPONENTS];
    private final int[] bytes = new int[COMPONENTS];
    private long all = X87 | SSE;

    XsaveLayout() {}

    /// AVX's component, which every processor has at the same place.
    static XsaveLayout withAvx() {
        return new XsaveLayout().with(2, HEADER_END, 256);
    }

    /// Adds a component.
    ///
    /// @param number its bit in XCR0
    /// @param offset from the area's start, in the standard format
    XsaveLayout with(int number, int offset, int size) {
        offsets[number] = offset;
        bytes[number] = size;
        all |= 1L << number;
        return this;
    }

    /// All components, as bits.
    long all() {
        return all;
    }

    /// A component's offset in the standard format; 0 if there is none.
    int offset(int number) {
        return offsets[number];
    }

    /// A component's size in bytes; 0 if there is none.
    int bytes(int number) {
        return bytes[number];
    }

    /// A component's offset in the compacted format of some components.
    int compactedOffset(long components, int number) {
        int at = HEADER_END;
        for (int i = FIRST_EXTENDED; i < number; i++) {
            at += (components >>> i & 1) != 0 ? bytes[i] : 0;
        }
        return at;
    }

    /// Bytes of an area of some components in the compacted format.
    int compactedBytes(long components) {
        return compactedOffset(components, COMPONENTS);
    }

    /// The same in the standard format.
    int standardBytes(long components) {
        int end = HEADER_END;
        for (int i = FIRST_EXTENDED; i < COMPONENTS; i++) {
            if ((components >>> i & 1) != 0) {
                end = Math.max(end, offsets[i] + bytes[i]);
            }
        }
        return end;
    }
}
