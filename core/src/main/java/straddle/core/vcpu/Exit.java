package straddle.core.vcpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Why [Vcpu#run()] returned, with all that is needed to serve it.
///
/// A vCPU owns one object of each kind and fills it anew at each exit, so that exits allocate nothing;
/// what it holds is valid until the next `run()`. An answer (a port's or a register's value) is put
/// into the exit and reaches the guest at the next `run()`.
public sealed interface Exit {

    /// IN or INS.
    final class PortRead extends Port implements Exit {
        public PortRead() {}
    }

    /// OUT or OUTS.
    final class PortWrite extends Port implements Exit {
        public PortWrite() {}
    }

    /// A load from an address that is no memory.
    final class MmioRead extends Mmio implements Exit {
        public MmioRead() {}
    }

    /// A store to an address that is no memory, or to ROM.
    final class MmioWrite extends Mmio implements Exit {
        public MmioWrite() {}
    }

    /// HLT: nothing to do until an interrupt.
    enum Halt implements Exit {
        HALT,

        /// HLT with interrupts off: only NMI, INIT or a reset goes on.
        MASKED
    }

    /// The guest can take an interrupt now, after it could not.
    enum InterruptWindow implements Exit {
        INTERRUPT_WINDOW
    }

    /// The guest is about to run user code that a [UserCodeTaker] wants; nothing happened in the guest.
    enum UserCode implements Exit {
        USER_CODE
    }

    /// [Vcpu#kick()] or a signal made it return; nothing happened in the guest.
    enum Kicked implements Exit {
        KICKED
    }

    /// A triple fault or the like: the processor has shut down.
    record Shutdown(String why) implements Exit {}

    /// The guest stopped at a breakpoint or single step that the host asked for.
    record Debug(long pc, int vector) implements Exit {}

    /// The engine can't go on with this guest. The report, of several lines, has registers and the bytes at the PC.
    record Unhandled(String sentence, String report) implements Exit {}

    /// A port access: `count` elements of `width` bytes, one after another at `offset` in `data`.
    abstract class Port {
        private static final ValueLayout.OfShort SHORT =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfInt INT =
                ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        public int port;
        public int width;
        public int count;
        public MemorySegment data;
        public long offset;

        Port() {}

        /// An element, zero-extended.
        public int get(int index) {
            long at = offset + (long) index * width;
            return switch (width) {
                case 1 -> data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
                case 2 -> data.get(SHORT, at) & 0xffff;
                default -> data.get(INT, at);
            };
        }

        public void set(int index, int value) {
            long at = offset + (long) index * width;
            switch (width) {
                case 1 -> data.set(ValueLayout.JAVA_BYTE, at, (byte) value);
                case 2 -> data.set(SHORT, at, (short) value);
                default -> data.set(INT, at, value);
            }
        }
    }

    /// An access of `width` (1, 2, 4 or 8) bytes at a guest-physical address; `value` is the data, or the answer.
    abstract class Mmio {
        public long gpa;
        public int width;
        public long value;

        Mmio() {}
    }
}
