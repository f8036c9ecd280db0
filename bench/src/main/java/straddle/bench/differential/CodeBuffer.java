package straddle.bench.differential;

import java.util.Arrays;

/// Machine code in the making, at a known address.
final class CodeBuffer {
    private final long base;
    private byte[] bytes = new byte[1024];
    private int size;

    CodeBuffer(long base) {
        this.base = base;
    }

    int size() {
        return size;
    }

    /// The address of the next byte.
    long here() {
        return base + size;
    }

    /// Drops what was emitted after a size.
    void cutTo(int earlier) {
        size = earlier;
    }

    byte[] toArray() {
        return Arrays.copyOf(bytes, size);
    }

    void emit(int... values) {
        for (int value : values) {
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, size * 2);
            }
            bytes[size++] = (byte) value;
        }
    }

    /// The low bytes of a value, little-endian.
    void emitValue(long value, int width) {
        for (int i = 0; i < width; i++) {
            emit((int) (value >>> 8 * i) & 0xff);
        }
    }

    void patch(int at, long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
    }

    /// `mov r64, imm64`, always 10 bytes.
    void loadImmediate(int register, long value) {
        emit(0x48 | register >> 3, 0xb8 | register & 7);
        emitValue(value, 8);
    }

    /// Stores constant bytes at an address below 2 GiB, flags untouched.
    void poke(long address, long value, int width) {
        switch (width) {
            case 1 -> emit(0xc6, 0x04, 0x25);
            case 2 -> emit(0x66, 0xc7, 0x04, 0x25);
            default -> emit(0xc7, 0x04, 0x25);
        }
        emitValue(address, 4);
        emitValue(value, Math.min(width, 4));
        if (width == 8) {
            poke(address + 4, value >>> 32, 4);
        }
    }

    /// `mov r64, [address]` for an address below 2 GiB.
    void peek(int register, long address) {
        emit(0x48 | register >> 3 << 2, 0x8b, 0x04 | (register & 7) << 3, 0x25);
        emitValue(address, 4);
    }

    /// `pushfq; pop [address]`.
    void noteFlags(long address) {
        emit(0x9c, 0x8f, 0x04, 0x25);
        emitValue(address, 4);
    }

    /// Clears flags by way of the stack.
    void clearFlags(int mask) {
        emit(0x9c, 0x48, 0x81, 0x24, 0x24);
        emitValue(~mask, 4);
        emit(0x9d);
    }
}
