package straddle.tcg.region;

import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Code;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.MicroOp;

/// Several blocks compiled to one method, entered at the first of them in place of its interpreted head.
class Region extends MicroOp implements Code {
    private final Tb entry;
    private final BlockHead interpreted;
    private final List<Tb> blocks;
    private final RegionCode code;
    private final long[] virtualPages;
    private final long[] guestPages;
    private int epoch;

    /// @param virtualPages the pages that its code was found at
    /// @param guestPages where these were, guest-physical
    Region(
            Tb entry,
            BlockHead interpreted,
            List<Tb> blocks,
            RegionCode code,
            long[] virtualPages,
            long[] guestPages) {
        this.entry = entry;
        this.interpreted = interpreted;
        this.blocks = blocks;
        this.code = code;
        this.virtualPages = virtualPages;
        this.guestPages = guestPages;
        this.pc = entry.pc;
    }

    Tb entry() {
        return entry;
    }

    List<Tb> blocks() {
        return blocks;
    }

    BlockHead interpreted() {
        return interpreted;
    }

    @Override
    public MicroOp exec(Cpu c) {
        if (c.wantsAttention()) {
            c.pc = pc;
            return c.attend(entry);
        }
        if (epoch != c.epoch && !isStillMapped(c)) {
            return interpreted;
        }
        c.current = this;
        return run(c, code);
    }

    MicroOp run(Cpu c, RegionCode compiled) {
        return compiled.run(c);
    }

    /// One whose runs somebody checks.
    static final class Checked extends Region {
        private final CodeCheck check;

        Checked(Region of, CodeCheck check) {
            super(of.entry, of.interpreted, of.blocks, of.code, of.virtualPages, of.guestPages);
            this.check = check;
        }

        @Override
        MicroOp run(Cpu c, RegionCode compiled) {
            return check.run(compiled, blocks());
        }
    }

    /// Address translation may have changed since: whether the region's pages are where they were.
    private boolean isStillMapped(Cpu c) {
        try {
            for (int i = 0; i < virtualPages.length; i++) {
                if (c.fetchAddress(virtualPages[i]) != guestPages[i]) {
                    return false;
                }
            }
        } catch (GuestFault fault) {
            return false;
        }
        epoch = c.epoch;
        return true;
    }

    @Override
    public boolean overlaps(long from, long length) {
        for (Tb tb : blocks) {
            if (tb.overlaps(from, length)) {
                return true;
            }
        }
        return false;
    }
}
