package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.core.vcpu.Exit;
import straddle.host.Descriptor;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_debug_exit_arch;
import straddle.linux.kvm.kvm_run;
import straddle.linux.kvm.kvm_translation;

/// What is said of an exit that KVM can't go on from: sentence, reason's fields, registers, bytes at RIP.
final class VcpuReport {
    private static final int BYTES_AT_RIP = 16;

    private VcpuReport() {}

    static Exit.Debug debug(MemorySegment run) {
        MemorySegment arch = kvm_run.debug.arch(kvm_run.debug(run));
        return new Exit.Debug(kvm_debug_exit_arch.pc(arch), kvm_debug_exit_arch.exception(arch));
    }

    /// @param state of the vCPU after that exit
    static Exit.Unhandled unhandled(
            MemorySegment run, int reason, X86State state, Descriptor vcpu, AddressSpace memory) {
        long at = linearRip(state);
        String code = bytesAt(at, vcpu, memory);
        return new Exit.Unhandled(
                sentence(run, reason, at, code), report(run, reason, state, code));
    }

    /// Whether there is memory at RIP, so that an instruction may be there.
    static boolean isInMemory(X86State state, Descriptor vcpu, AddressSpace memory) {
        long gpa = translate(linearRip(state), vcpu);
        return gpa >= 0 && memory.at(gpa) instanceof Region.Ram;
    }

    private static String sentence(MemorySegment run, int reason, long at, String code) {
        if (reason == Kvm.KVM_EXIT_INTERNAL_ERROR()) {
            int suberror = kvm_run.internal.suberror(kvm_run.internal(run));
            if (suberror != Kvm.KVM_INTERNAL_ERROR_EMULATION()) {
                return "This host's KVM failed inside: " + internalError(suberror) + ".";
            }
            return code.isEmpty()
                    ? "The guest ran into 0x%x, where it has no memory.".formatted(at)
                    : "This host's KVM can't execute the guest's instruction at 0x%x (%s...); --accel=tcg does without KVM."
                            .formatted(at, code.substring(0, Math.min(code.length(), 23)));
        }
        if (reason == Kvm.KVM_EXIT_FAIL_ENTRY()) {
            return "The processor refused to enter the guest (hardware reason 0x%x)."
                    .formatted(
                            kvm_run.fail_entry.hardware_entry_failure_reason(
                                    kvm_run.fail_entry(run)));
        }
        return "KVM stopped the guest with %s, which Straddle does not handle."
                .formatted(name(reason));
    }

    private static String internalError(int suberror) {
        return switch (suberror) {
            case 2 -> "exceptions arose during an exception's delivery (2)";
            case 3 -> "an exit during an event's delivery (3)";
            case 4 -> "an exit that it did not expect (4)";
            default -> "suberror " + suberror;
        };
    }

    /// A line for the exit, the registers, and the bytes at RIP.
    private static String report(MemorySegment run, int reason, X86State state, String code) {
        StringBuilder report = new StringBuilder(name(reason));
        if (reason == Kvm.KVM_EXIT_INTERNAL_ERROR()) {
            MemorySegment internal = kvm_run.internal(run);
            report.append(" suberror ")
                    .append(kvm_run.internal.suberror(internal))
                    .append(", data");
            for (int i = 0; i < Math.min(16, kvm_run.internal.ndata(internal)); i++) {
                report.append(" %x".formatted(kvm_run.internal.data(internal, i)));
            }
        }
        report.append('\n').append(state);
        report.append("code ")
                .append(code.isEmpty() ? "(RIP points to no memory)" : code)
                .append('\n');
        return report.toString();
    }

    private static long linearRip(X86State state) {
        Segment cs = state.segments[X86.CS];
        return state.isLongMode() && cs.has(Segment.L) ? state.rip : cs.base + state.rip;
    }

    /// Hexadecimal; empty where there is no memory.
    private static String bytesAt(long linear, Descriptor vcpu, AddressSpace memory) {
        byte[] bytes = new byte[BYTES_AT_RIP];
        int count = 0;
        while (count < bytes.length) {
            long gpa = translate(linear + count, vcpu);
            if (gpa < 0 || !(memory.at(gpa) instanceof Region.Ram)) {
                break;
            }
            bytes[count++] = (byte) memory.read(gpa, 1);
        }
        return HexFormat.ofDelimiter(" ").formatHex(bytes, 0, count);
    }

    /// The guest-physical address, or -1 where nothing is mapped.
    static long translate(long linear, Descriptor vcpu) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = kvm_translation.allocate(arena);
            request.fill((byte) 0);
            kvm_translation.linear_address(request, linear);
            int result = vcpu.ioctl(Kvm.KVM_TRANSLATE(), request.address());
            boolean valid = request.get(ValueLayout.JAVA_BYTE, kvm_translation.valid$offset()) != 0;
            return result == 0 && valid ? kvm_translation.physical_address(request) : -1;
        }
    }

    /// As linux/kvm.h names it.
    static String name(int reason) {
        String name =
                switch (reason) {
                    case 0 -> "KVM_EXIT_UNKNOWN";
                    case 1 -> "KVM_EXIT_EXCEPTION";
                    case 2 -> "KVM_EXIT_IO";
                    case 3 -> "KVM_EXIT_HYPERCALL";
                    case 4 -> "KVM_EXIT_DEBUG";
                    case 5 -> "KVM_EXIT_HLT";
                    case 6 -> "KVM_EXIT_MMIO";
                    case 7 -> "KVM_EXIT_IRQ_WINDOW_OPEN";
                    case 8 -> "KVM_EXIT_SHUTDOWN";
                    case 9 -> "KVM_EXIT_FAIL_ENTRY";
                    case 10 -> "KVM_EXIT_INTR";
                    case 11 -> "KVM_EXIT_SET_TPR";
                    case 12 -> "KVM_EXIT_TPR_ACCESS";
                    case 16 -> "KVM_EXIT_NMI";
                    case 17 -> "KVM_EXIT_INTERNAL_ERROR";
                    case 21 -> "KVM_EXIT_WATCHDOG";
                    case 24 -> "KVM_EXIT_SYSTEM_EVENT";
                    case 26 -> "KVM_EXIT_IOAPIC_EOI";
                    case 27 -> "KVM_EXIT_HYPERV";
                    case 29 -> "KVM_EXIT_X86_RDMSR";
                    case 30 -> "KVM_EXIT_X86_WRMSR";
                    case 31 -> "KVM_EXIT_DIRTY_RING_FULL";
                    case 32 -> "KVM_EXIT_AP_RESET_HOLD";
                    case 33 -> "KVM_EXIT_X86_BUS_LOCK";
                    case 37 -> "KVM_EXIT_NOTIFY";
                    case 39 -> "KVM_EXIT_MEMORY_FAULT";
                    default -> "an exit unknown to us";
                };
        return name + " (" + reason + ")";
    }
}
