package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;

/// Virtual-8086 mode extensions and protected-mode virtual interrupts: RFLAGS.VIF in IF's place for code that may not
/// change IF (SDM volume 3, 22.3 and 22.4).
final class VirtualInterrupts {
    private static final int REDIRECTION_BYTES = 32;
    private static final int IO_MAP_BASE = 102;

    private VirtualInterrupts() {}

    /// Whether CLI and STI mean VIF.
    static boolean forCliAndSti(X86Cpu c) {
        boolean extended =
                c.isVm86()
                        ? (c.cr4 & CR4_VME) != 0
                        : (c.cr4 & CR4_PVI) != 0 && c.isProtected() && c.cpl == 3;
        return extended && c.iopl() < 3;
    }

    /// Whether PUSHF, POPF and IRET mean VIF; only their 16-bit forms do, others fault.
    static boolean forFlags(X86Cpu c, int width) {
        return c.isVm86() && c.iopl() < 3 && (c.cr4 & CR4_VME) != 0 && width == 2;
    }

    static void cli(X86Cpu c) {
        c.clearSystemFlags(RFLAGS_VIF);
    }

    static void sti(X86Cpu c) {
        if (c.flag(RFLAGS_VIP)) {
            throw c.gp();
        }
        c.addSystemFlags(RFLAGS_VIF);
    }

    /// FLAGS as such code sees them: IF from VIF, and IOPL 3.
    static long image(X86Cpu c) {
        long flags = c.rflags() & ~(RFLAGS_IF | RFLAGS_VM | RFLAGS_RF) | RFLAGS_IOPL;
        return c.flag(RFLAGS_VIF) ? flags | RFLAGS_IF : flags;
    }

    /// Faults if FLAGS can't be loaded so.
    static void check(X86Cpu c, long flags) {
        boolean pending = c.flag(RFLAGS_VIP) && (flags & RFLAGS_IF) != 0;
        if (pending || (flags & RFLAGS_TF) != 0) {
            throw c.gp();
        }
    }

    /// Loads 16 bits of FLAGS but for IF and IOPL.
    static void load(X86Cpu c, long flags) {
        long keep = 0xffff_0000L & ~RFLAGS_VIF | RFLAGS_IF | RFLAGS_IOPL;
        long virtual = (flags & RFLAGS_IF) != 0 ? RFLAGS_VIF : 0;
        c.setRflags(c.rflags() & keep | flags & ~keep & 0xffff | virtual);
    }

    /// INT n in virtual-8086 mode, by the redirection bitmap before the I/O permission bitmap (22.3.1.2).
    ///
    /// @return whether it was handled as on an 8086; otherwise it is the monitor's
    static boolean redirect(X86Cpu c, int vector, long nextPc) {
        if (!c.isVm86()) {
            return false;
        }
        boolean toMonitor = true;
        if ((c.cr4 & CR4_VME) != 0) {
            if ((c.tr.limit & 0xffff_ffffL) < IO_MAP_BASE + 1) {
                throw c.gp();
            }
            long map = c.systemLoad(c.tr.base + IO_MAP_BASE, 2) - REDIRECTION_BYTES;
            long at = map + (vector >>> 3);
            if (map < 0 || at > (c.tr.limit & 0xffff_ffffL)) {
                throw c.gp();
            }
            toMonitor = (c.systemLoad(c.tr.base + at, 1) >>> (vector & 7) & 1) != 0;
        }
        if (toMonitor) {
            if (c.iopl() < 3) {
                throw c.gp();
            }
            return false;
        }
        boolean virtual = c.iopl() < 3;
        long target = c.load(vector * 4L, 4);
        long flags = virtual ? image(c) : c.rflags();
        StackFrame frame = StackFrame.present(c, 2).require(3);
        frame.push(flags, c.segments[CS].selector, nextPc);
        c.setStackPointer(frame.pointer());
        c.clearSystemFlags(RFLAGS_TF | (virtual ? RFLAGS_VIF : RFLAGS_IF));
        Segment cs = c.segments[CS];
        cs.selector = (int) (target >>> 16);
        cs.base = target >>> 16 << 4;
        c.pc = target & 0xffff;
        c.updateMode();
        return true;
    }
}
