package straddle.tcg.op;

/// An operation on whole vectors, each of which is a pair of slots, for [Emitter#vector].
///
/// @param name of the operation: of [straddle.tcg.simd.VectorOp]'s, or of what moves elements
/// @param size of an element: 0 for bytes, to 3 for 8 bytes
/// @param d the slot of the destination's low half
/// @param n of the first operand's
/// @param m of the second operand's
/// @param imm what else there is in the instruction
/// @param element which of m's is the second operand for all; -1 for each its own
/// @param isWhole whether the high half counts; else it becomes 0
public record VectorOperation(
        String name, int size, int d, int n, int m, int imm, int element, boolean isWhole) {}
