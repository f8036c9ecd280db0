package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.PF;
import static straddle.core.arch.x86.X86.exceptionName;

import java.util.List;
import straddle.core.accel.CodeLister;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.tcg.GuestFault;
import straddle.tcg.StoreLog;
import straddle.tcg.block.Code;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.machine.MachineBlock;
import straddle.tcg.op.MicroOp;
import straddle.tcg.region.BytecodeListing;
import straddle.tcg.region.RegionCode;

/// Checks regions and machine code against the interpreter as they run: a run is taken back and interpreted anew,
/// one instruction at a time, and both must come to the same registers, memory and exception.
///
/// Devices wait meanwhile, on the machine lock. The first difference ends the VM with a report; if it is one of
/// machine code, which goes from block to block, the run is repeated block by block first.
final class Verifier implements CodeCheck {
    /// Instructions that machine code runs before it comes back to be compared.
    static final int STRETCH = 2_000;

    private final X86Cpu cpu;
    private final Replay replay;
    private final StoreLog stores;
    private int percent;
    private final X86State compiled = new X86State();
    private final X86State interpreted = new X86State();

    private long entered;
    private long enteredMachineCode;
    private long checked;
    private long instructions;
    private long skipped;
    private long faults;
    private long valuesReplayed;

    /// What is reported should a difference not come again block by block, or null.
    private Exit.Unhandled found;

    /// Instructions until then.
    private long searched;

    /// Of the first run's exception.
    private int vector;

    private int error;
    private boolean hasError;

    /// Whether that is of the fetch behind the last instruction, which itself is complete.
    private boolean fetchFailed;

    /// @param percent of the runs of regions to check: 1 to 100
    Verifier(X86Cpu cpu, Replay replay, StoreLog stores, int percent) {
        this.cpu = cpu;
        this.replay = replay;
        this.stores = stores;
        this.percent = percent;
    }

    void statistics(Statistics to) {
        to.count("verification", "runs of regions", entered - enteredMachineCode);
        to.count("verification", "runs of machine code", enteredMachineCode);
        to.count("verification", "runs checked", checked);
        to.count("verification", "instructions checked", instructions);
        to.count("verification", "runs that ended in an exception", faults);
        to.count("verification", "runs that could not be checked", skipped);
        to.count("verification", "values replayed", valuesReplayed);
    }

    @Override
    public MicroOp run(Compiled code, List<Tb> blocks) {
        entered++;
        enteredMachineCode += code instanceof MachineBlock ? 1 : 0;
        if (entered * percent % 100 >= percent) {
            return code.run(cpu);
        }
        cpu.memory.lock().lock();
        try {
            return check(code, blocks);
        } finally {
            cpu.memory.lock().unlock();
        }
    }

    private MicroOp check(Compiled code, List<Tb> blocks) {
        cpu.pc = blocks.getFirst().pc;
        long before = cpu.retiredInstructions();
        replay.begin();
        MicroOp next;
        try {
            next = settle(code.run(cpu));
        } catch (GuestFault fault) {
            return checkFault(code, blocks, before, fault);
        }
        long count = cpu.retiredInstructions() - before;
        if (count == 0 && cpu.exit == null) {
            replay.abandon();
            return next;
        }
        if (next != null && !Replay.isOfBlock(next)) {
            // A repeated string instruction, the last of its block, is still to come.
            count--;
        }
        if (next != null) {
            cpu.pc = next.pc;
        }
        Exit exit = cpu.exit;
        cpu.exit = null;
        Code ran = cpu.current;
        fetchFailed = false;
        replay.saveEnd(compiled);
        Counters counters = new Counters(cpu);
        replay.rewind();
        String difference = again(count, null);
        counters.restore(cpu);
        if (!difference.isEmpty()) {
            return differs(difference, code, blocks, count);
        }
        cpu.current = ran;
        cpu.exit = exit;
        return goOn(next, count);
    }

    /// Gives up a search that leads to nothing.
    private MicroOp goOn(MicroOp next, long count) {
        searched -= count;
        if (found == null || searched > 0) {
            return next;
        }
        cpu.exit = found;
        return null;
    }

    /// Finishes the block that the region was left in, up to where its end state can be compared.
    private MicroOp settle(MicroOp left) {
        MicroOp op = left;
        while (op != null && !Replay.isOfBlock(op) && !(op instanceof Strings)) {
            MicroOp at = op;
            try {
                op = at.exec(cpu);
            } catch (GuestFault fault) {
                // How far its block has come is not known: this run can't be repeated.
                cpu.faultingInRegion = at;
                unsettled = true;
                throw fault;
            }
        }
        return op;
    }

    private boolean unsettled;

    private MicroOp checkFault(Compiled code, List<Tb> blocks, long before, GuestFault fault) {
        // What came of the elements before one that must run alone is not in the log of a second
        // run.
        boolean isPartial =
                fault == GuestFault.RETRY_ALONE && cpu.faultingInRegion instanceof Strings;
        if (unsettled || isPartial || cpu.faultingInRegion == null) {
            unsettled = false;
            skipped++;
            replay.abandon();
            throw fault;
        }
        MicroOp op = cpu.faultingInRegion;
        Code ran = cpu.current;
        long count = cpu.retiredInstructions() - before;
        fetchFailed = cpu.isFetching();
        if (!fetchFailed) {
            cpu.pc = op.pc;
            count -= ran instanceof Tb tb ? tb.insns - op.index : 0;
        }
        cpu.forgetFetch();
        vector = cpu.faultVector;
        error = cpu.faultError;
        hasError = cpu.faultHasError;
        boolean nonCanonical = cpu.nonCanonical;
        long nonCanonicalAddress = cpu.nonCanonicalAddress;
        replay.saveEnd(compiled);
        Counters counters = new Counters(cpu);
        replay.rewind();
        String difference = again(count, fault);
        counters.restore(cpu);
        if (!difference.isEmpty()) {
            return differs(difference, code, blocks, count);
        }
        faults++;
        searched -= count;
        cpu.faultVector = vector;
        cpu.faultError = error;
        cpu.faultHasError = hasError;
        cpu.nonCanonical = nonCanonical;
        cpu.nonCanonicalAddress = nonCanonicalAddress;
        cpu.cr2 = compiled.cr2;
        cpu.faultingInRegion = op;
        cpu.current = ran;
        if (fetchFailed) {
            cpu.failFetch();
        }
        throw fault;
    }

    /// Interprets what the compiled code ran; what came out otherwise, or nothing.
    ///
    /// @param fault that it ended with, or null
    private String again(long count, GuestFault fault) {
        boolean raised = false;
        for (long i = 0; i < count && !raised; i++) {
            try {
                cpu.current = null;
                replay.interpretOne();
            } catch (GuestFault again) {
                raised = fetchFailed && i == count - 1 && cpu.isFetching();
                cpu.forgetFetch();
                if (!raised) {
                    replay.finish();
                    cpu.exit = null;
                    cpu.save(interpreted);
                    return "the interpreter raises "
                            + exceptionName(cpu.faultVector)
                            + " where the compiled code went on";
                }
            }
        }
        if (fault == GuestFault.EXCEPTION && !fetchFailed) {
            long at = cpu.pc;
            try {
                replay.interpretOne();
            } catch (GuestFault again) {
                raised = true;
                cpu.pc = at;
            }
        }
        boolean sameValues = replay.finish();
        cpu.exit = null;
        cpu.save(interpreted);
        checked++;
        instructions += count;
        valuesReplayed += replay.recorded();
        if (fault == GuestFault.EXCEPTION) {
            if (!raised) {
                return "the compiled code raises "
                        + exceptionName(vector)
                        + ", the interpreter goes on";
            }
            if (cpu.faultVector != vector || vector == PF && interpreted.cr2 != compiled.cr2) {
                return "the compiled code raises %s (address %x), the interpreter %s (address %x)"
                        .formatted(
                                exceptionName(vector),
                                compiled.cr2,
                                exceptionName(cpu.faultVector),
                                interpreted.cr2);
            }
        }
        long stored = stores.difference();
        if (stored != 0) {
            return "they leave different bytes in memory" + place(stored);
        }
        String registers = StateDifference.of(compiled, interpreted);
        if (!registers.isEmpty()) {
            return "they differ in " + registers;
        }
        return sameValues ? "" : "they read the time or random numbers differently often";
    }

    private String place(long hva) {
        for (straddle.core.memory.Region region : cpu.memory.regions()) {
            if (region instanceof straddle.core.memory.Region.Ram ram
                    && hva >= ram.hva(ram.gpa())
                    && hva < ram.hva(ram.gpa()) + ram.length()) {
                return " at guest-physical 0x"
                        + Long.toHexString(ram.gpa() + hva - ram.hva(ram.gpa()));
            }
        }
        return "";
    }

    private MicroOp differs(String difference, Compiled code, List<Tb> blocks, long count) {
        boolean isRegion = code instanceof RegionCode;
        StringBuilder report = new StringBuilder();
        report.append("after %,d instructions from 0x%x on\n".formatted(count, replay.start().rip));
        report.append("\n-- before\n").append(replay.start());
        report.append(isRegion ? "\n-- after the region\n" : "\n-- after the machine code\n");
        report.append(compiled);
        report.append("\n-- after the interpreter\n").append(interpreted);
        for (Tb tb : blocks) {
            report.append("\n-- block at 0x%x\n".formatted(tb.pc));
            list(tb, report);
        }
        report.append("\n-- bytecode\n");
        BytecodeListing.of(blocks, X86Cpu.ZERO, X86CodeLister::slotName)
                .forEach(line -> report.append(line).append('\n'));
        Exit.Unhandled unhandled =
                new Exit.Unhandled(
                        "%s and the interpreter disagree at 0x%x: %s."
                                .formatted(
                                        isRegion ? "A region" : "Machine code",
                                        blocks.getFirst().pc,
                                        difference),
                        report.toString());
        if (isRegion || found != null) {
            cpu.exit = unhandled;
            return null;
        }
        found = unhandled;
        searched = count;
        percent = 100;
        cpu.machine.check(this, 1);
        replay.rewind();
        replay.abandon();
        return cpu.lookup();
    }

    private void list(Tb tb, StringBuilder report) {
        Disassembler disassembler = new Disassembler();
        byte[] code = new byte[tb.bytes];
        for (int i = 0; i < code.length; i++) {
            code[i] = (byte) cpu.memory.read(tb.gpa + i, 1);
        }
        int bits =
                switch ((int) (tb.mode & X86Cpu.MODE_CODE)) {
                    case (int) X86Cpu.MODE_CODE64 -> 64;
                    case (int) X86Cpu.MODE_CODE32 -> 32;
                    default -> 16;
                };
        List<CodeLister.MicroOpLine> microOps = X86CodeLister.microOps(tb);
        for (int at = 0; at < code.length; ) {
            Disassembler.Line line = disassembler.at(code, at, bits, tb.pc + at);
            long address = tb.pc + at;
            report.append("%8x:  %s\n".formatted(address, line.text()));
            microOps.stream()
                    .filter(each -> each.address() == address)
                    .forEach(each ->
                            report.append("             ").append(each.text()).append('\n'));
            at += line.length();
        }
    }

    /// What the second run must not count again.
    private record Counters(long retired, long retiredInRegions, long faults) {
        Counters(X86Cpu cpu) {
            this(cpu.retired, cpu.retiredInRegions, cpu.faults);
        }

        void restore(X86Cpu cpu) {
            cpu.retired = retired;
            cpu.retiredInRegions = retiredInRegions;
            cpu.faults = faults;
        }
    }
}
