package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.bench.differential.InstructionTable.Form;
import straddle.bench.differential.InstructionTable.Row;

class InstructionTableTest {
    private static final List<Row> ROWS = InstructionTable.rows(Set.of());

    @Test
    void noTwoRowsHaveOneEncoding() {
        Set<String> seen = new HashSet<>();
        List<String> twice =
                ROWS.stream()
                        .map(row ->
                                row.vex()
                                        + " "
                                        + row.mandatory()
                                        + " "
                                        + row.opcode()
                                        + " /"
                                        + row.extension()
                                        + row.sizes()
                                        + row.rm())
                        .filter(encoding -> !seen.add(encoding))
                        .toList();
        assertEquals(List.of(), twice);
    }

    @Test
    void everyCellIsNamedOnce() {
        List<Cell> cells = InstructionTable.cells(ROWS);
        assertEquals(cells.size(), cells.stream().map(Cell::toString).distinct().count());
    }

    @Test
    void aRowWithMemoryAndRegisterFormsHasCellsForBoth() {
        List<Form> forms =
                InstructionTable.cells(InstructionTable.rows(Set.of("XADD"))).stream()
                        .map(Cell::form)
                        .distinct()
                        .toList();
        assertEquals(List.of(Form.REGISTER, Form.MEMORY), forms);
    }

    @Test
    void undefinedFlagsFollowTheCount() {
        assertEquals(0, UndefinedFlags.SHIFT_LOGICAL.mask(4, 32));
        assertEquals(0x10, UndefinedFlags.SHIFT_LOGICAL.mask(4, 1));
        assertEquals(0x811, UndefinedFlags.SHIFT_LOGICAL.mask(1, 8));
        assertEquals(0x810, UndefinedFlags.SHIFT_ARITHMETIC.mask(1, 8));
        assertEquals(0, UndefinedFlags.ROTATE.mask(8, 64));
        assertTrue(InstructionTable.LEFT_OUT.contains("CPUID"));
    }
}
