package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.D0;
import static straddle.tcg.arm.ArmCpu.S0;

import straddle.tcg.op.Word;
import straddle.tcg.simd.Upper;
import straddle.tcg.simd.VectorOp;
import straddle.tcg.simd.VectorOps;

/// VLD1 to VLD4 and VST1 to VST4 (DDI 0406C, A7.7): elements of several registers that alternate in memory.
///
/// What a load reads goes to registers when nothing can fault any more, or can be read again.
final class Structures {
    private static final int PC_NUMBER = 15;

    /// In place of Rm: the base is increased by what was transferred.
    private static final int BY_BYTES = 13;

    private final Translator to;

    Structures(Translator to) {
        this.to = to;
    }

    private static int first(Insn insn) {
        return insn.get(Field.D) << 4 | insn.get(Field.VD);
    }

    private static boolean isLoad(Insn insn) {
        return insn.op.name().charAt(1) == 'L';
    }

    /// How many elements a structure has.
    private static int elements(Insn insn) {
        return insn.op.name().charAt(3) - '0';
    }

    /// Whether there is such an access; its alignment is looked at then.
    ///
    /// @param last the last register's number
    /// @param alignment in bytes
    private boolean begins(Insn insn, int last, int alignment) {
        if (last > 31 || insn.get(Field.RN) == PC_NUMBER) {
            to.undefined();
            return false;
        }
        if (alignment > 1) {
            to.append(new NeonOps.RequireAligned(insn.get(Field.RN), alignment, !isLoad(insn)));
        }
        return true;
    }

    private void writeBack(Insn insn, int bytes) {
        int n = insn.get(Field.RN);
        int m = insn.get(Field.RM);
        if (m == BY_BYTES) {
            to.append(Word.constant(Word.ADD, n, n, bytes));
        } else if (m != PC_NUMBER) {
            to.append(Word.registers(Word.ADD, n, n, m));
        }
    }

    private void load(Insn insn, int slot, int offset, int width) {
        to.append(new Word.Load(slot, insn.get(Field.RN), offset, width, 0));
    }

    private void store(Insn insn, int slot, int offset, int width) {
        to.append(new Word.Store(slot, insn.get(Field.RN), offset, width, 0));
    }

    // ---- whole registers

    void multiple(Insn insn) {
        int elements = elements(insn);
        int groups = insn.get(Field.REGISTERS);
        int step = insn.get(Field.STEP);
        int align = insn.get(Field.ALIGN);
        int registers = elements * groups;
        int[] slots = new int[registers];
        for (int i = 0; i < groups; i++) {
            for (int k = 0; k < elements; k++) {
                slots[i * elements + k] = D0 + first(insn) + i + k * step;
            }
        }
        boolean reserved = registers < 4 && (align > 1 && registers != 2 || align > 2);
        if (reserved) {
            to.undefined();
            return;
        }
        if (!begins(insn, slots[registers - 1] - D0, align == 0 ? 1 : 4 << align)) {
            return;
        }
        if (elements == 1) {
            for (int i = 0; i < registers; i++) {
                if (isLoad(insn)) {
                    load(insn, slots[i], 8 * i, 8);
                } else {
                    store(insn, slots[i], 8 * i, 8);
                }
            }
        } else if (isLoad(insn)) {
            loadGroups(insn, slots, elements);
        } else {
            storeGroups(insn, slots, elements);
        }
        writeBack(insn, 8 * registers);
    }

    private void loadGroups(Insn insn, int[] slots, int elements) {
        int size = insn.size;
        for (int i = 0; i < slots.length; i++) {
            load(insn, S0 + i, 8 * i, 8);
        }
        for (int i = 0; i < slots.length; i += elements) {
            switch (elements) {
                case 2 -> {
                    permute(VectorOp.UZP1, slots[i], S0 + i, S0 + i + 1, size);
                    permute(VectorOp.UZP2, slots[i + 1], S0 + i, S0 + i + 1, size);
                }
                case 3 -> {
                    for (int k = 0; k < 3; k++) {
                        int[] from = {S0, S0 + 1, S0 + 2};
                        to.append(new NeonOps.Thirds(false, slots[k], from, size, k));
                    }
                }
                default -> {
                    permute(VectorOp.UZP1, S0 + 4, S0, S0 + 1, size);
                    permute(VectorOp.UZP2, S0 + 1, S0, S0 + 1, size);
                    permute(VectorOp.UZP1, S0 + 5, S0 + 2, S0 + 3, size);
                    permute(VectorOp.UZP2, S0 + 3, S0 + 2, S0 + 3, size);
                    permute(VectorOp.UZP1, slots[0], S0 + 4, S0 + 5, size);
                    permute(VectorOp.UZP1, slots[1], S0 + 1, S0 + 3, size);
                    permute(VectorOp.UZP2, slots[2], S0 + 4, S0 + 5, size);
                    permute(VectorOp.UZP2, slots[3], S0 + 1, S0 + 3, size);
                }
            }
        }
    }

    private void storeGroups(Insn insn, int[] slots, int elements) {
        int size = insn.size;
        for (int i = 0; i < slots.length; i += elements) {
            switch (elements) {
                case 2 -> {
                    permute(VectorOp.ZIP1, S0 + i, slots[i], slots[i + 1], size);
                    permute(VectorOp.ZIP2, S0 + i + 1, slots[i], slots[i + 1], size);
                }
                case 3 -> {
                    for (int k = 0; k < 3; k++) {
                        to.append(new NeonOps.Thirds(true, S0 + k, slots, size, k));
                    }
                }
                default -> {
                    permute(VectorOp.ZIP1, S0 + 4, slots[0], slots[2], size);
                    permute(VectorOp.ZIP1, S0 + 5, slots[1], slots[3], size);
                    permute(VectorOp.ZIP1, S0, S0 + 4, S0 + 5, size);
                    permute(VectorOp.ZIP2, S0 + 1, S0 + 4, S0 + 5, size);
                    permute(VectorOp.ZIP2, S0 + 4, slots[0], slots[2], size);
                    permute(VectorOp.ZIP2, S0 + 5, slots[1], slots[3], size);
                    permute(VectorOp.ZIP1, S0 + 2, S0 + 4, S0 + 5, size);
                    permute(VectorOp.ZIP2, S0 + 3, S0 + 4, S0 + 5, size);
                }
            }
        }
        for (int i = 0; i < slots.length; i++) {
            store(insn, S0 + i, 8 * i, 8);
        }
    }

    private void permute(VectorOp op, int d, int n, int m, int size) {
        to.append(new VectorOps.Permute(op, d, n, m, size, Upper.KEPT));
    }

    // ---- one element of each

    void lane(Insn insn) {
        int size = insn.size;
        int elements = elements(insn);
        int ia = insn.get(Field.INDEX);
        int index = ia >>> size + 1;
        int step = elements > 1 && size > 0 && (ia >>> size & 1) != 0 ? 2 : 1;
        int alignment = laneAlignment(ia, size, elements);
        boolean reserved = alignment == 0 || elements == 1 && size > 0 && (ia >>> size & 1) != 0;
        if (reserved) {
            to.undefined();
            return;
        }
        if (!begins(insn, first(insn) + (elements - 1) * step, alignment)) {
            return;
        }
        int width = 1 << size;
        for (int k = 0; k < elements; k++) {
            if (isLoad(insn)) {
                load(insn, S0 + k, k * width, width);
            } else {
                int slot = D0 + first(insn) + k * step;
                to.append(new Word.Extract(S0, slot, 8 * width * index, 8 * width, false));
                store(insn, S0, k * width, width);
            }
        }
        if (isLoad(insn)) {
            for (int k = 0; k < elements; k++) {
                int slot = D0 + first(insn) + k * step;
                to.append(new Word.Insert(slot, S0 + k, 8 * width * index, 8 * width));
            }
        }
        writeBack(insn, elements * width);
    }

    /// In bytes; 0 where the encoding is reserved.
    private static int laneAlignment(int ia, int size, int elements) {
        int bits = size == 2 ? ia & 3 : ia & 1;
        if (bits == 0) {
            return 1;
        }
        return switch (elements) {
            case 1 -> size == 1 ? 2 : size == 2 && bits == 3 ? 4 : 0;
            case 2 -> bits == 1 ? 2 << size : 0;
            case 3 -> 0;
            default -> size < 2 ? 4 << size : bits < 3 ? 4 << bits : 0;
        };
    }

    // ---- one structure, to all lanes

    void all(Insn insn) {
        int size = insn.size;
        int elements = elements(insn);
        int step = insn.get(Field.STEP) + 1;
        boolean aligned = insn.get(Field.ALIGN) != 0;
        boolean reserved =
                size == 3 && !aligned || aligned && (elements == 3 || elements == 1 && size == 0);
        if (reserved) {
            to.undefined();
            return;
        }
        int alignment = aligned ? elements << size : 1;
        if (size == 3) {
            size = 2;
            alignment = 16;
        } else if (elements == 4 && size == 2 && aligned) {
            alignment = 8;
        }
        int registers = elements == 1 ? step : elements;
        int last = first(insn) + (elements == 1 ? step - 1 : (elements - 1) * step);
        if (!begins(insn, last, alignment)) {
            return;
        }
        int width = 1 << size;
        for (int k = 0; k < elements; k++) {
            load(insn, S0 + k, k * width, width);
        }
        for (int k = 0; k < registers; k++) {
            int from = elements == 1 ? S0 : S0 + k;
            int slot = D0 + first(insn) + (elements == 1 ? k : k * step);
            to.append(new VectorOps.Duplicate(slot, from, size, 0, Upper.KEPT, false));
        }
        writeBack(insn, elements * width);
    }
}
