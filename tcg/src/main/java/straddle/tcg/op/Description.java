package straddle.tcg.op;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntFunction;

/// Micro-ops as text for listings: the operation's name and its fields, with slots by the names of their
/// registers. Uses reflection, so that no operation needs to describe itself.
public final class Description {
    /// Fields of this package's operations that are slots.
    private static final Set<String> SLOTS =
            Set.of("d", "s", "a", "b", "pointer", "slot", "countSlot", "countRegister");

    private static final Set<String> HIDDEN = Set.of("observed");

    private final IntFunction<String> slotName;

    /// @param slotName the register that a slot holds
    public Description(IntFunction<String> slotName) {
        this.slotName = slotName;
    }

    /// One line, such as `load64 d=rax ea=[rbx+0x10]`.
    public String of(MicroOp op) {
        StringBuilder text = new StringBuilder(name(op.getClass()));
        for (Class<?> type = op.getClass(); type != MicroOp.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && isShown(op, field)) {
                    append(text, op, field);
                }
            }
        }
        return text.toString();
    }

    private static boolean isShown(MicroOp op, Field field) {
        boolean linked = op instanceof Jump && !field.getName().equals("target");
        return !linked && !HIDDEN.contains(field.getName());
    }

    private static String name(Class<?> type) {
        String name = type.getSimpleName();
        return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
    }

    private void append(StringBuilder text, MicroOp op, Field field) {
        Object value;
        try {
            field.setAccessible(true);
            value = field.get(op);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("A field of this module's is out of reach", e);
        }
        if (value == null || Boolean.FALSE.equals(value)) {
            return;
        }
        text.append(' ').append(field.getName());
        if (!Boolean.TRUE.equals(value)) {
            text.append('=').append(value(op, field.getName(), value));
        }
    }

    private String value(MicroOp op, String field, Object value) {
        return switch (value) {
            case Ea ea -> address(ea);
            case Jump jump -> "0x" + Long.toHexString(jump.target());
            case Long number -> "0x" + Long.toHexString(number);
            case Integer kind when field.equals("op") && isAlu(op) -> Alu.name(kind);
            case Integer slot when SLOTS.contains(field) && isScalar(op) -> register(slot);
            default -> value.toString();
        };
    }

    private static boolean isAlu(MicroOp op) {
        return op.getClass().getEnclosingClass() == Alu.class;
    }

    private static boolean isScalar(MicroOp op) {
        return op.getClass().getPackage() == Description.class.getPackage()
                || op.getClass().getName().contains("X86Op$");
    }

    private String register(int slot) {
        if (slot < 0) {
            return "none";
        }
        String name = slotName.apply(slot & ~Reg.HIGH);
        return (slot & Reg.HIGH) != 0 ? name + ":8-15" : name;
    }

    private String address(Ea ea) {
        StringBuilder text = new StringBuilder();
        String zero = slotName.apply(-1);
        String segment = slotName.apply(ea.segment());
        if (!segment.equals(zero)) {
            text.append(segment).append(':');
        }
        text.append('[');
        String base = slotName.apply(ea.base());
        String index = slotName.apply(ea.index());
        String plus = "";
        if (!base.equals(zero)) {
            text.append(base);
            plus = "+";
        }
        if (!index.equals(zero)) {
            text.append(plus).append(index).append('*').append(1 << ea.scale());
            plus = "+";
        }
        if (plus.isEmpty() || ea.displacement() != 0) {
            boolean negative = ea.displacement() < 0 && !plus.isEmpty();
            text.append(negative ? "-" : plus)
                    .append("0x")
                    .append(Long.toHexString(negative ? -ea.displacement() : ea.displacement()));
        }
        return text.append(']').toString();
    }
}
