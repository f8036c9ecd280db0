package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.tcg.Cpu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.FpImages;
import straddle.tcg.x86.fp.X87;
import straddle.tcg.x86.fp.X87Opcodes;

/// x87 instructions, opcodes D8 to DF (SDM volume 2, tables ).
///
/// All but the control instructions first raise the exception that an earlier one left pending, and note
/// their address, their operand's and their opcode (SDM volume 1, 8.1.8).
final class X87Ops extends MicroOp {
    private final int opcode;
    private final int modrm;
    private final int reg;
    private final Ea ea;
    private final int segment;
    private final boolean wide;
    private final boolean waits;

    X87Ops(Insn insn, Ea ea, int segment) {
        this.opcode = insn.opcode;
        this.reg = insn.reg & 7;
        this.modrm = insn.mod << 6 | reg << 3 | insn.rm & 7;
        this.ea = ea;
        this.segment = segment;
        this.wide = insn.operandSize != 2;
        this.waits = X87Opcodes.waits(opcode, modrm);
    }

    @Override
    public MicroOp exec(Cpu cpu) {
        X86Cpu c = (X86Cpu) cpu;
        FpuState.requireX87(c);
        if (waits) {
            FpuState.requireNoError(c);
        }
        if (ea != null) {
            memory(c);
        } else if (opcode == 0xdf && modrm == 0xe0) {
            c.r[RAX] = c.r[RAX] & ~0xffffL | c.x87.fnstsw();
        } else {
            registers(c);
        }
        return next;
    }

    private void registers(X86Cpu c) {
        boolean usesFlags = opcode == 0xda || opcode == 0xdb || opcode == 0xdf;
        int before = usesFlags ? Arith.eager(c) : 0;
        int after = X87Opcodes.registers(c.x87, opcode, modrm, before);
        if (after == X87Opcodes.UNDEFINED) {
            throw c.fault(UD);
        }
        if (after != before) {
            c.setFlags(Flags.EAGER, after, 0, 0);
        }
        // FNCLEX and FNINIT are control instructions.
        if (opcode != 0xdb || reg != 4) {
            note(c);
        }
    }

    private void memory(X86Cpu c) {
        int bytes = X87Opcodes.memoryBytes(opcode, reg);
        if (bytes == 0) {
            throw c.fault(UD);
        }
        long offset = ea.offset(c);
        if (bytes == X87Opcodes.IMAGE) {
            image(c, offset);
        } else if (bytes > 0) {
            load(c, offset, bytes);
        } else {
            store(c, offset, -bytes);
        }
    }

    private void load(X86Cpu c, long offset, int bytes) {
        long at = c.linear(segment, offset, bytes, false);
        long low = c.load(at, Math.min(bytes, 8));
        int high = bytes == 10 ? (int) c.load16(at + 8 & c.addressMask()) : 0;
        X87Opcodes.load(c.x87, opcode, reg, low, high);
        // FLDCW is a control instruction.
        if (opcode != 0xd9 || reg != 5) {
            noteMemory(c, offset);
        }
    }

    private void store(X86Cpu c, long offset, int bytes) {
        long at = c.linear(segment, offset, bytes, true);
        c.probeStore(at, bytes);
        X87 x87 = c.x87;
        boolean stores = X87Opcodes.prepareStore(x87, opcode, reg);
        if (stores) {
            c.store(at, Math.min(bytes, 8), x87.storeLow);
            if (bytes == 10) {
                c.store16(at + 8 & c.addressMask(), x87.storeHigh);
            }
            X87Opcodes.finishStore(x87, opcode, reg);
        }
        // FNSTCW and FNSTSW are control instructions.
        if (reg != 7 || opcode != 0xd9 && opcode != 0xdd) {
            noteMemory(c, offset);
        }
    }

    /// FLDENV, FNSTENV, FRSTOR and FNSAVE.
    private void image(X86Cpu c, long offset) {
        boolean whole = opcode == 0xdd;
        int bytes = whole ? FpImages.saveBytes(wide) : FpImages.environmentBytes(wide);
        boolean write = reg >= 6;
        long at = c.linear(segment, offset, bytes, write);
        byte[] image = c.fpuImage;
        boolean real = c.isRealLike();
        if (write) {
            c.probeStore(at, bytes);
            if (whole) {
                FpImages.fnsave(c.x87, image, wide, real);
            } else {
                FpImages.fnstenv(c.x87, image, wide, real);
            }
            for (int i = 0; i < bytes; i += 2) {
                int value = image[i] & 0xff | image[i + 1] << 8;
                c.store16(at + i & c.addressMask(), value);
            }
            return;
        }
        for (int i = 0; i < bytes; i += 2) {
            long value = c.load16(at + i & c.addressMask());
            image[i] = (byte) value;
            image[i + 1] = (byte) (value >>> 8);
        }
        if (whole) {
            FpImages.frstor(c.x87, image, wide, real);
        } else {
            FpImages.fldenv(c.x87, image, wide, real);
        }
    }

    private void note(X86Cpu c) {
        X87 x87 = c.x87;
        x87.instructionPointer = pc;
        x87.instructionSelector = c.segments[CS].selector;
        x87.opcode = (opcode & 7) << 8 | modrm;
    }

    private void noteMemory(X86Cpu c, long offset) {
        note(c);
        c.x87.dataPointer = offset;
        c.x87.dataSelector = c.segments[segment].selector;
    }

    @Override
    public String toString() {
        return "X87 %02x %02x%s".formatted(opcode, modrm, ea == null ? "" : " " + ea);
    }
}
