package straddle.core.arch.x86;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// The architectural state of one x86 processor, in the neutral form that every engine loads and saves.
///
/// Freshly made it is the state after reset (SDM volume 3, table 10-1): real mode at f000:fff0.
public final class X86State implements Snapshotable {
    /// Bytes of [#xsave]: legacy region, header, and the components up to AVX-512 and PKRU, non-compacted.
    public static final int XSAVE_BYTES = 4096;

    /// Where the XSAVE area holds XSTATE_BV (SDM volume 1, 13.4.2).
    public static final int XSTATE_BV_OFFSET = 512;

    private static final String[] REGISTER_NAMES = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "r15"
    };
    private static final String[] SEGMENT_NAMES = {"es", "cs", "ss", "ds", "fs", "gs"};

    /// By number: [X86#RAX] to [X86#RDI], then R8 to R15.
    public final long[] gpr = new long[16];

    public long rip;
    public long rflags;

    /// By number: [X86#ES] to [X86#GS].
    public final Segment[] segments = new Segment[6];

    public final Segment ldtr = new Segment();
    public final Segment tr = new Segment();
    public long gdtBase;
    public int gdtLimit;
    public long idtBase;
    public int idtLimit;

    public long cr0;
    public long cr2;
    public long cr3;
    public long cr4;
    public long cr8;
    public long efer;
    public long xcr0;
    public long apicBase;

    /// DR0 to DR3, DR6 and DR7 at their own numbers; 4 and 5 stay 0.
    public final long[] dr = new long[8];

    /// The other model-specific registers by number; absent means its reset value. EFER, APIC_BASE, and the
    /// FS and GS bases have fields of their own; TSC is here.
    public final Map<Integer, Long> msrs = new TreeMap<>();

    /// x87, SSE and extended state as XSAVE's standard format has it, little-endian.
    public final byte[] xsave = new byte[XSAVE_BYTES];

    /// An event whose delivery was begun and not finished: a vector, or -1.
    public int pendingVector;

    /// Whether the pending event is an exception, a software interrupt or an external one.
    public EventKind pendingKind;

    /// The pending event's error code, or -1 without one.
    public int pendingErrorCode;

    /// Interrupts are held off for one instruction after STI or a load of SS.
    public boolean interruptShadow;

    public boolean nmiBlocked;
    public boolean nmiPending;

    /// Stopped by HLT until the next interrupt.
    public boolean halted;

    /// How a pending event came about.
    public enum EventKind {
        NONE,
        EXCEPTION,
        SOFTWARE_INTERRUPT,
        EXTERNAL_INTERRUPT
    }

    public X86State() {
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new Segment();
        }
        reset();
    }

    /// The state after power-up or INIT of the boot processor.
    public void reset() {
        Arrays.fill(gpr, 0);
        gpr[RDX] = 0x600;
        rip = 0xfff0;
        rflags = RFLAGS_FIXED;
        for (Segment segment : segments) {
            segment.set(0, 0, 0xffff, Segment.P | Segment.S | 3);
        }
        segments[CS].set(0xf000, 0xffff_0000L, 0xffff, Segment.P | Segment.S | 0xb);
        ldtr.set(0, 0, 0xffff, Segment.P | 2);
        tr.set(0, 0, 0xffff, Segment.P | 0xb);
        gdtBase = 0;
        gdtLimit = 0xffff;
        idtBase = 0;
        idtLimit = 0xffff;
        cr0 = CR0_CD | CR0_NW | CR0_ET;
        cr2 = 0;
        cr3 = 0;
        cr4 = 0;
        cr8 = 0;
        efer = 0;
        xcr0 = 1;
        apicBase = 0xfee0_0900L;
        Arrays.fill(dr, 0);
        dr[6] = 0xffff_0ff0L;
        dr[7] = 0x400;
        msrs.clear();
        Arrays.fill(xsave, (byte) 0);
        ByteBuffer area = xsaveBuffer();
        area.putShort(0, (short) 0x37f);
        area.putInt(24, 0x1f80);
        area.putLong(XSTATE_BV_OFFSET, 3);
        pendingVector = -1;
        pendingKind = EventKind.NONE;
        pendingErrorCode = -1;
        interruptShadow = false;
        nmiBlocked = false;
        nmiPending = false;
        halted = false;
    }

    /// A little-endian view of [#xsave].
    public ByteBuffer xsaveBuffer() {
        return ByteBuffer.wrap(xsave).order(ByteOrder.LITTLE_ENDIAN);
    }

    public long msr(int number) {
        return msrs.getOrDefault(number, 0L);
    }

    public boolean isLongMode() {
        return (efer & EFER_LMA) != 0;
    }

    /// The current privilege level: 0 to 3.
    public int cpl() {
        return segments[SS].dpl();
    }

    public void copyFrom(X86State other) {
        System.arraycopy(other.gpr, 0, gpr, 0, gpr.length);
        rip = other.rip;
        rflags = other.rflags;
        for (int i = 0; i < segments.length; i++) {
            segments[i].copyFrom(other.segments[i]);
        }
        ldtr.copyFrom(other.ldtr);
        tr.copyFrom(other.tr);
        gdtBase = other.gdtBase;
        gdtLimit = other.gdtLimit;
        idtBase = other.idtBase;
        idtLimit = other.idtLimit;
        cr0 = other.cr0;
        cr2 = other.cr2;
        cr3 = other.cr3;
        cr4 = other.cr4;
        cr8 = other.cr8;
        efer = other.efer;
        xcr0 = other.xcr0;
        apicBase = other.apicBase;
        System.arraycopy(other.dr, 0, dr, 0, dr.length);
        msrs.clear();
        msrs.putAll(other.msrs);
        System.arraycopy(other.xsave, 0, xsave, 0, xsave.length);
        pendingVector = other.pendingVector;
        pendingKind = other.pendingKind;
        pendingErrorCode = other.pendingErrorCode;
        interruptShadow = other.interruptShadow;
        nmiBlocked = other.nmiBlocked;
        nmiPending = other.nmiPending;
        halted = other.halted;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLongs("gpr", gpr);
        out.putLong("rip", rip);
        out.putLong("rflags", rflags);
        for (int i = 0; i < segments.length; i++) {
            out.putSection(SEGMENT_NAMES[i], 1, segments[i]);
        }
        out.putSection("ldtr", 1, ldtr);
        out.putSection("tr", 1, tr);
        out.putLongs("tables", new long[] {gdtBase, gdtLimit, idtBase, idtLimit});
        out.putLongs("control", new long[] {cr0, cr2, cr3, cr4, cr8, efer, xcr0, apicBase});
        out.putLongs("dr", dr);
        out.putLongs("msrNumbers", msrs.keySet().stream().mapToLong(Integer::longValue).toArray());
        out.putLongs("msrValues", msrs.values().stream().mapToLong(Long::longValue).toArray());
        out.putInt("msrCount", msrs.size());
        out.putBytes("xsave", xsave);
        out.putInt("pendingVector", pendingVector);
        out.putString("pendingKind", pendingKind.name());
        out.putInt("pendingErrorCode", pendingErrorCode);
        out.putBoolean("interruptShadow", interruptShadow);
        out.putBoolean("nmiBlocked", nmiBlocked);
        out.putBoolean("nmiPending", nmiPending);
        out.putBoolean("halted", halted);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        System.arraycopy(in.getLongs("gpr", gpr.length), 0, gpr, 0, gpr.length);
        rip = in.getLong("rip");
        rflags = in.getLong("rflags");
        for (int i = 0; i < segments.length; i++) {
            segments[i].restore(in.section(SEGMENT_NAMES[i]));
        }
        ldtr.restore(in.section("ldtr"));
        tr.restore(in.section("tr"));
        long[] tables = in.getLongs("tables", 4);
        gdtBase = tables[0];
        gdtLimit = (int) tables[1];
        idtBase = tables[2];
        idtLimit = (int) tables[3];
        long[] control = in.getLongs("control", 8);
        cr0 = control[0];
        cr2 = control[1];
        cr3 = control[2];
        cr4 = control[3];
        cr8 = control[4];
        efer = control[5];
        xcr0 = control[6];
        apicBase = control[7];
        System.arraycopy(in.getLongs("dr", dr.length), 0, dr, 0, dr.length);
        int count = in.getInt("msrCount", 0, 4096);
        long[] numbers = in.getLongs("msrNumbers", count);
        long[] values = in.getLongs("msrValues", count);
        msrs.clear();
        for (int i = 0; i < count; i++) {
            msrs.put((int) numbers[i], values[i]);
        }
        byte[] area = in.getBytes("xsave");
        if (area.length != xsave.length) {
            throw new SnapshotException(
                    "The snapshot's XSAVE area has "
                            + area.length
                            + " bytes, not "
                            + xsave.length
                            + ".");
        }
        System.arraycopy(area, 0, xsave, 0, xsave.length);
        pendingVector = in.getInt("pendingVector", -1, 255);
        pendingKind = kindOf(in.getString("pendingKind"));
        pendingErrorCode = in.getInt("pendingErrorCode");
        interruptShadow = in.getBoolean("interruptShadow");
        nmiBlocked = in.getBoolean("nmiBlocked");
        nmiPending = in.getBoolean("nmiPending");
        halted = in.getBoolean("halted");
    }

    private static EventKind kindOf(String name) throws SnapshotException {
        for (EventKind kind : EventKind.values()) {
            if (kind.name().equals(name)) {
                return kind;
            }
        }
        throw new SnapshotException("The snapshot is damaged: " + name + " is no kind of event.");
    }

    /// A register dump of several lines.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < gpr.length; i++) {
            text.append(
                    "%-3s %016x%s".formatted(REGISTER_NAMES[i], gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        text.append(
                "rip %016x  rflags %08x  cpl %d%s\n"
                        .formatted(rip, rflags, cpl(), halted ? "  halted" : ""));
        for (int i = 0; i < segments.length; i++) {
            text.append("%-4s %s\n".formatted(SEGMENT_NAMES[i], segments[i]));
        }
        text.append("ldtr %s\ntr   %s\n".formatted(ldtr, tr));
        text.append(
                "gdt %016x limit %04x  idt %016x limit %04x\n"
                        .formatted(gdtBase, gdtLimit, idtBase, idtLimit));
        text.append(
                "cr0 %08x  cr2 %016x  cr3 %016x  cr4 %08x  efer %04x\n"
                        .formatted(cr0, cr2, cr3, cr4, efer));
        return text.toString();
    }
}
