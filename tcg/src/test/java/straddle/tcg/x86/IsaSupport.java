package straddle.tcg.x86;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/// Makes `docs/isa-support.md` from the tables that the decoder uses.
final class IsaSupport {
    private static final String INTRODUCTION =
            """
            # Instructions that the translator has

            Made from the decoder's tables by `IsaSupport` in `tcg`'s tests, and checked by them. To make it anew:

                mvn -Ddev -pl tcg -am test -Dtest=IsaSupportTest -Dsurefire.failIfNoSpecifiedTests=false -Dstraddle.docs.write=true

            Opcodes and operand codes are the SDM's (volume 2, appendix A, and the instructions' pages for VEX); what the table does
            not have is #UD. *Feature* is the flag of CPUID, as `--cpu` names it, without which the instruction is #UD too;
            where it has none, every processor that Straddle offers has the instruction. Of a VEX row with two features the
            second is that of 256 bits.

            """;
    private static final String[] MAPS = {
        "One-byte opcodes", "Opcodes after 0F", "Opcodes after 0F 38", "Opcodes after 0F 3A"
    };
    private static final int MEMORY_FORM = 7;
    private static final int REGISTER_FORM = 0xc1;

    private IsaSupport() {}

    static String markdown() {
        StringBuilder text = new StringBuilder(INTRODUCTION);
        summarize(text);
        for (int map = 0; map < MAPS.length; map++) {
            int of = map;
            section(text, MAPS[map], row -> row.map() == of && !row.has(Row.VEX));
        }
        x87(text);
        for (int map = 1; map < MAPS.length; map++) {
            int of = map;
            section(text, MAPS[map] + ", with VEX", row -> row.map() == of && row.has(Row.VEX));
        }
        return text.toString();
    }

    private static void summarize(StringBuilder text) {
        long rows = OpcodeTable.all().size();
        List<String> refused =
                OpcodeTable.all().stream()
                        .filter(row -> Group.of(row.op()) == Group.UNDEFINED)
                        .map(Row::mnemonic)
                        .distinct()
                        .toList();
        text.append(
                "%,d rows, and x87's. Always #UD: %s.%n"
                        .formatted(rows, String.join(", ", refused)));
    }

    private interface Filter {
        boolean takes(Row row);
    }

    private static void section(StringBuilder text, String title, Filter filter) {
        text.append("%n## %s%n%n".formatted(title));
        text.append("| Opcode | Instruction | Feature | |\n| --- | --- | --- | --- |\n");
        for (Row row : OpcodeTable.all()) {
            if (filter.takes(row) && row.op() != Op.X87) {
                text.append(
                        "| %s | %s | %s | %s |%n"
                                .formatted(
                                        encoding(row),
                                        instruction(row),
                                        features(row),
                                        notes(row)));
            }
        }
    }

    // ---- columns

    private static String encoding(Row row) {
        StringJoiner text = new StringJoiner(" ");
        String prefix =
                switch (row.prefix()) {
                    case Row.P66 -> "66";
                    case Row.PF3 -> "F3";
                    case Row.PF2 -> "F2";
                    default -> "";
                };
        if (row.has(Row.VEX)) {
            text.add(vex(row, prefix));
        } else if (!prefix.isEmpty()) {
            text.add(prefix);
        }
        text.add("%02X".formatted(row.opcode()));
        if (row.rm() >= 0) {
            text.add("%02X".formatted(0xc0 | row.reg() << 3 | row.rm()));
        } else if (row.reg() >= 0) {
            text.add("/" + row.reg());
        } else if (row.hasModRm()) {
            text.add("/r");
        }
        if (row.rm() < 0 && row.mod() != Row.ANY) {
            text.add(row.mod() == Row.MEMORY ? "memory" : "register");
        }
        return text.toString();
    }

    private static String vex(Row row, String prefix) {
        String length = row.has(Row.L0) ? "128" : row.has(Row.L1) ? "256" : length(row);
        String w = row.has(Row.W0) ? ".W0" : row.has(Row.W1) ? ".W1" : "";
        return "VEX.%s%s%s".formatted(length, prefix.isEmpty() ? "" : "." + prefix, w);
    }

    private static String length(Row row) {
        return row.operands().stream().anyMatch(each -> each.name().matches("[VWHUM]x[hqo]?"))
                ? "128/256"
                : "LIG";
    }

    private static String instruction(Row row) {
        String operands =
                row.operands().stream()
                        .map(operand -> operand == Operand.One ? "1" : operand.name())
                        .collect(Collectors.joining(","));
        return operands.isEmpty() ? row.mnemonic() : row.mnemonic() + " " + operands;
    }

    private static String notes(Row row) {
        List<String> notes = new ArrayList<>();
        if (Group.of(row.op()) == Group.UNDEFINED) {
            notes.add("#UD");
        }
        if (row.has(Row.I64)) {
            notes.add("not in 64-bit mode");
        }
        if (row.has(Row.O64)) {
            notes.add("64-bit mode only");
        }
        if (row.has(Row.LOCK)) {
            notes.add("LOCK");
        }
        return String.join(", ", notes);
    }

    private static String features(Row row) {
        Set<String> labels = new LinkedHashSet<>();
        boolean always = false;
        for (Insn insn : forms(row)) {
            Feature feature = feature(insn);
            always |= feature == null;
            if (feature != null) {
                labels.add(feature.label());
            }
        }
        return (always && !labels.isEmpty() ? "none, " : "") + String.join(", ", labels);
    }

    private static Feature feature(Insn insn) {
        return switch (insn.op) {
            case LZCNT -> Feature.LZCNT;
            case TZCNT -> Feature.BMI1;
            default -> Feature.of(insn);
        };
    }

    // ---- forms

    /// Every form of a row that may differ in what it needs, decoded.
    static List<Insn> forms(Row row) {
        List<Insn> forms = new ArrayList<>();
        for (int wide = 0; wide <= 1; wide++) {
            for (int w = 0; w <= 1; w++) {
                for (int modrm : new int[] {MEMORY_FORM, REGISTER_FORM}) {
                    Insn insn = new Decoder().decode(bytes(row, wide, w, modrm), mode(row));
                    if (row.equals(insn.row)) {
                        forms.add(insn);
                    }
                }
            }
        }
        return forms;
    }

    private static int mode(Row row) {
        return row.has(Row.I64) ? 32 : 64;
    }

    private static Decoder.Code bytes(Row row, int wide, int w, int modrm) {
        List<Integer> bytes = new ArrayList<>();
        if (row.has(Row.VEX)) {
            int vvvv = row.usesVvvv() ? ~5 & 15 : 15;
            bytes.add(0xc4);
            bytes.add(0xe0 | row.map());
            int[] pp = {0, 1, 2, 3};
            bytes.add(w << 7 | vvvv << 3 | wide << 2 | pp[row.prefix()]);
        } else {
            addLegacyPrefixes(bytes, row, w);
        }
        bytes.add(row.opcode());
        if (row.hasModRm()) {
            int reg = Math.max(row.reg(), 0) << 3;
            int rm = row.rm() >= 0 ? 0xc0 | row.rm() : modrm;
            bytes.add(row.hasVectorIndex() ? 4 | reg : rm | reg);
            bytes.add(0x0f);
        }
        return at -> at < bytes.size() ? bytes.get(at) : 0;
    }

    private static void addLegacyPrefixes(List<Integer> bytes, Row row, int w) {
        switch (row.prefix()) {
            case Row.P66 -> bytes.add(0x66);
            case Row.PF3 -> bytes.add(0xf3);
            case Row.PF2 -> bytes.add(0xf2);
            default -> {}
        }
        if (mode(row) == 64) {
            bytes.add(0x40 | w << 3);
        }
        if (row.map() > 0) {
            bytes.add(0x0f);
        }
        if (row.map() > 1) {
            bytes.add(row.map() == 2 ? 0x38 : 0x3a);
        }
    }

    // ---- x87

    private static void x87(StringBuilder text) {
        text.append("\n## x87\n\n| Opcode | Instruction | Feature |\n| --- | --- | --- |\n");
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                x87Memory(text, opcode, reg);
            }
            for (int reg = 0; reg < 8; reg++) {
                x87Registers(text, opcode, reg);
            }
        }
    }

    private static void x87Memory(StringBuilder text, int opcode, int reg) {
        String form =
                new X87Text(opcode, reg, 0)
                        .of(bytes -> bytes == 0 ? "memory" : "m" + 8 * bytes, true);
        if (!form.contains(Disassembler.BAD)) {
            text.append("| %02X /%d memory | %s | fpu |%n".formatted(opcode, reg, upper(form)));
        }
    }

    /// One line where all eight registers are the same instruction.
    private static void x87Registers(StringBuilder text, int opcode, int reg) {
        List<String> forms = new ArrayList<>();
        for (int rm = 0; rm < 8; rm++) {
            forms.add(
                    new X87Text(opcode, reg, rm)
                            .of(_ -> "", false)
                            .replace("st(" + rm + ")", "st(i)"));
        }
        boolean same =
                forms.subList(1, 8).stream().distinct().count() == 1
                        && forms.get(1).contains("st(i)");
        if (same) {
            if (!forms.get(1).contains(Disassembler.BAD)) {
                text.append(
                        "| %02X %02X+i | %s | fpu |%n"
                                .formatted(opcode, 0xc0 | reg << 3, upper(forms.get(1))));
            }
            return;
        }
        for (int rm = 0; rm < 8; rm++) {
            if (!forms.get(rm).contains(Disassembler.BAD)) {
                text.append(
                        "| %02X %02X | %s | fpu |%n"
                                .formatted(opcode, 0xc0 | reg << 3 | rm, upper(forms.get(rm))));
            }
        }
    }

    private static String upper(String form) {
        int space = form.indexOf(' ');
        return space < 0
                ? form.toUpperCase(Locale.ROOT)
                : form.substring(0, space).toUpperCase(Locale.ROOT) + form.substring(space);
    }
}
