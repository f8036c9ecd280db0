package straddle.tcg.region;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BytecodeEmitter;
import straddle.tcg.op.RegionFacts;

/// The bytecode of a region's method as text, one instruction a line, with locals by what they hold.
public final class BytecodeListing {
    private final List<String> lines = new ArrayList<>();
    private final Map<Label, String> labels = new HashMap<>();
    private final RegionFacts facts;
    private final IntFunction<String> slotName;

    private BytecodeListing(RegionFacts facts, IntFunction<String> slotName) {
        this.facts = facts;
        this.slotName = slotName;
    }

    /// What blocks become, the entry first; nothing is defined or run.
    ///
    /// @param zeroSlot the slot that always holds 0
    /// @param slotName the register that a slot holds
    public static List<String> of(List<Tb> blocks, int zeroSlot, IntFunction<String> slotName) {
        RegionCompiler.Made made =
                RegionCompiler.classFile(
                        blocks,
                        zeroSlot,
                        false,
                        new RegionFacts(blocks.getFirst().pc, new AtomicInteger(), true));
        BytecodeListing listing = new BytecodeListing(made.facts(), slotName);
        ClassFile.of().parse(made.bytes()).methods().stream()
                .filter(method -> method.methodName().equalsString("run"))
                .forEach(method -> listing.list(method.code().orElseThrow()));
        return listing.lines;
    }

    private void list(CodeModel code) {
        for (CodeElement each : code) {
            switch (each) {
                case LabelTarget target -> lines.add(label(target.label()) + ":");
                case Instruction instruction ->
                        lines.add(("    " + text(instruction)).stripTrailing());
                default -> {}
            }
        }
    }

    private String label(Label label) {
        return labels.computeIfAbsent(label, _ -> "L" + labels.size());
    }

    private String text(Instruction instruction) {
        String name = instruction.opcode().name().toLowerCase(Locale.ROOT);
        return switch (instruction) {
            case LoadInstruction load -> mnemonic(name) + " " + local(load.slot());
            case StoreInstruction store -> mnemonic(name) + " " + local(store.slot());
            case ConstantInstruction constant -> name(constant, name);
            case BranchInstruction branch -> name + " " + label(branch.target());
            case FieldInstruction field ->
                    name
                            + " "
                            + simple(field.owner().asSymbol())
                            + "."
                            + field.name().stringValue();
            case InvokeInstruction call ->
                    name
                            + " "
                            + simple(call.owner().asSymbol())
                            + "."
                            + call.name().stringValue()
                            + arguments(call.typeSymbol());
            default -> name;
        };
    }

    /// `lload_3` and `lload_w` are `lload`: the local's name follows.
    private static String mnemonic(String name) {
        int underscore = name.indexOf('_');
        return underscore < 0 ? name : name.substring(0, underscore);
    }

    private static String name(ConstantInstruction constant, String name) {
        return switch (constant.constantValue()) {
            case Long value when name.startsWith("ldc") -> name + " 0x" + Long.toHexString(value);
            case Integer value when !name.contains("const") -> name + " " + value;
            default -> name;
        };
    }

    private String local(int number) {
        return BytecodeEmitter.localName(number, facts, slotName);
    }

    private static String simple(ClassDesc owner) {
        return owner.displayName();
    }

    private static String arguments(MethodTypeDesc type) {
        return type.displayDescriptor();
    }
}
