package straddle.machines.acpi;

import static straddle.machines.acpi.Aml.join;
import static straddle.machines.acpi.Aml.little;

import java.util.List;

/// Resource descriptors for `_CRS` (ACPI 6.5, 6.4).
public final class Resources {
    private static final int IRQ_NO_FLAGS = 0x22;
    private static final int DMA = 0x2a;
    private static final int IO_PORT = 0x47;
    private static final int END_TAG = 0x79;
    private static final int MEMORY_32_FIXED = 0x86;
    private static final int DWORD_ADDRESS_SPACE = 0x87;
    private static final int WORD_ADDRESS_SPACE = 0x88;

    private static final int MEMORY_RANGE = 0;
    private static final int IO_RANGE = 1;
    private static final int BUS_RANGE = 2;
    private static final int PRODUCER_FIXED = 0x0c;
    private static final int IO_ENTIRE_RANGE = 3;
    private static final int MEMORY_READ_WRITE = 1;

    private Resources() {}

    /// A buffer of descriptors with its end tag.
    public static byte[] template(List<byte[]> descriptors) {
        return Aml.buffer(join(Aml.list(descriptors), new byte[] {END_TAG, 0}));
    }

    /// Fixed ports that decode 16 address bits.
    public static byte[] ports(int base, int length) {
        return join(
                new byte[] {IO_PORT, 1},
                little(base, 2),
                little(base, 2),
                new byte[] {1, (byte) length});
    }

    /// An edge-triggered ISA interrupt.
    public static byte[] irq(int irq) {
        return join(new byte[] {IRQ_NO_FLAGS}, little(1 << irq, 2));
    }

    /// An ISA DMA channel, for bytes, by compatibility timing.
    public static byte[] dma(int channel) {
        return new byte[] {DMA, (byte) (1 << channel), 0};
    }

    /// Fixed memory that devices' registers occupy.
    public static byte[] memory(long base, long length) {
        return join(
                new byte[] {(byte) MEMORY_32_FIXED, 9, 0, MEMORY_READ_WRITE},
                little(base, 4),
                little(length, 4));
    }

    /// Bus numbers that a bridge hands out.
    public static byte[] busNumbers(int first, int last) {
        return word(BUS_RANGE, 0, first, last);
    }

    /// Ports that a bridge hands out.
    public static byte[] portWindow(int first, int last) {
        return word(IO_RANGE, IO_ENTIRE_RANGE, first, last);
    }

    /// Addresses below 4 GiB that a bridge hands out.
    public static byte[] memoryWindow(long first, long last) {
        return join(
                new byte[] {
                    (byte) DWORD_ADDRESS_SPACE,
                    23,
                    0,
                    MEMORY_RANGE,
                    PRODUCER_FIXED,
                    MEMORY_READ_WRITE
                },
                little(0, 4),
                little(first, 4),
                little(last, 4),
                little(0, 4),
                little(last - first + 1, 4));
    }

    private static byte[] word(int type, int flags, int first, int last) {
        return join(
                new byte[] {
                    (byte) WORD_ADDRESS_SPACE, 13, 0, (byte) type, PRODUCER_FIXED, (byte) flags
                },
                little(0, 2),
                little(first, 2),
                little(last, 2),
                little(0, 2),
                little(last - first + 1L, 2));
    }
}
