package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DisassemblerTest {
    private static String text(String hex, int mode) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        Disassembler.Line line = new Disassembler().at(code, 0, mode, 0x1000);
        assertEquals(code.length, line.length(), line.text());
        return line.text();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "48 01 d8 | add rax,rbx",
                "00 f4 | add ah,dh",
                "40 00 f4 | add spl,sil",
                "48 83 c4 80 | add rsp,0xffffffffffffff80",
                "8b 44 8b 10 | mov eax,DWORD PTR [rbx+rcx*4+0x10]",
                "8b 45 f8 | mov eax,DWORD PTR [rbp-0x8]",
                "48 8b 05 10 00 00 00 | mov rax,QWORD PTR [rip+0x10]        # 0x1017",
                "65 48 8b 04 25 28 00 00 00 | mov rax,QWORD PTR gs:[0x28]",
                "48 b8 08 07 06 05 04 03 02 01 | movabs rax,0x102030405060708",
                "0f b6 c3 | movzx eax,bl",
                "48 63 c3 | movsxd rax,ebx",
                "75 fe | jne 0x1000",
                "e8 00 10 00 00 | call 0x2005",
                "ff 24 c5 00 00 00 00 | jmp QWORD PTR [rax*8+0x0]",
                "41 0f 94 c0 | sete r8b",
                "48 0f 44 c3 | cmove rax,rbx",
                "d3 e0 | shl eax,cl",
                "f3 48 ab | rep stosq",
                "f2 ae | repnz scasb",
                "f0 48 0f c7 0f | lock cmpxchg16b XMMWORD PTR [rdi]",
                "90 | nop",
                "66 90 | xchg ax,ax",
                "f3 90 | pause",
                "f3 0f 1e fa | endbr64",
                "48 98 | cdqe",
                "48 99 | cqo",
                "48 cf | iretq",
                "0f 22 d8 | mov cr3,rax",
                "8e d8 | mov ds,ax",
                "ec | in al,dx",
                "e7 60 | out 0x60,eax",
                "0f 01 f8 | swapgs",
                "6a ff | push 0xffffffffffffffff"
            })
    void integerAndSystemInstructionsReadAsTheManualWritesThem(String hex, String expected) {
        // What has an index but no base has four bytes of displacement, even of zero.
        assertEquals(expected.replace("+0x0]", "]"), text(hex, 64));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "66 0f 6f c1 | movdqa xmm0,xmm1",
                "f3 0f 6f 07 | movdqu xmm0,XMMWORD PTR [rdi]",
                "0f 10 07 | movups xmm0,XMMWORD PTR [rdi]",
                "66 48 0f 6e c0 | movq xmm0,rax",
                "f2 0f 58 c1 | addsd xmm0,xmm1",
                "f2 48 0f 2a c0 | cvtsi2sd xmm0,rax",
                "66 0f 57 c0 | xorpd xmm0,xmm0",
                "0f c2 c1 01 | cmpltps xmm0,xmm1",
                "66 0f 73 f8 08 | pslldq xmm0,0x8",
                "66 0f 38 10 c1 | pblendvb xmm0,xmm1,xmm0",
                "66 0f 3a 16 c0 01 | pextrd eax,xmm0,0x1",
                "c5 f5 58 07 | vaddpd ymm0,ymm1,YMMWORD PTR [rdi]",
                "c4 c1 71 fe c0 | vpaddd xmm0,xmm1,xmm8",
                "c4 e1 f9 6e c0 | vmovq xmm0,rax",
                "c4 e2 f1 b8 c2 | vfmadd231pd xmm0,xmm1,xmm2",
                "c4 e3 75 4a c2 30 | vblendvps ymm0,ymm1,ymm2,ymm3",
                "c4 e2 f9 90 44 17 08 | vpgatherdq xmm0,QWORD PTR [rdi+xmm2*1+0x8],xmm0",
                "c4 e2 70 f2 c2 | andn eax,ecx,edx",
                "c5 fd 6f 07 | vmovdqa ymm0,YMMWORD PTR [rdi]",
                "0f 6f c1 | movq mm0,mm1",
                "0f 18 07 | prefetchnta BYTE PTR [rdi]",
                "0f ae f0 | mfence",
                "48 0f ae 07 | fxsave64 [rdi]"
            })
    void vectorInstructionsHaveTheNamesOfTheirForms(String hex, String expected) {
        assertEquals(expected, text(hex, 64));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "d8 c1 | fadd st,st(1)",
                "dc e1 | fsubr st(1),st",
                "de c1 | faddp st(1),st",
                "db 2f | fld TBYTE PTR [rdi]",
                "dd 1f | fstp QWORD PTR [rdi]",
                "d9 ee | fldz",
                "d9 7d fe | fnstcw WORD PTR [rbp-0x2]",
                "df e0 | fnstsw ax",
                "db f1 | fcomi st,st(1)",
                "da c1 | fcmovb st,st(1)",
                "df 2f | fild QWORD PTR [rdi]",
                "de 0f | fimul WORD PTR [rdi]"
            })
    void x87InstructionsNameTheirStack(String hex, String expected) {
        assertEquals(expected, text(hex, 64));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8b 47 10 | mov ax,WORD PTR [bx+0x10]",
                "8b 02 | mov ax,WORD PTR [bp+si]",
                "a1 34 12 | mov ax,WORD PTR [0x1234]",
                "26 a0 34 12 | mov al,BYTE PTR es:[0x1234]",
                "66 67 8b 44 88 08 | mov eax,DWORD PTR [eax+ecx*4+0x8]",
                "ea 5b e0 00 f0 | jmp far 0xf000:0xe05b",
                "e9 fd ef | jmp 0x0",
                "f3 a5 | rep movsw",
                "60 | pusha",
                "0f 20 c0 | mov eax,cr0"
            })
    void sixteenBitCodeHasItsOwnAddressingForms(String hex, String expected) {
        assertEquals(expected, text(hex, 16));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "40 | inc eax",
                "c5 07 | lds eax,FWORD PTR [edi]",
                "66 89 c3 | mov bx,ax",
                "67 8b 07 | mov eax,DWORD PTR [bx]",
                "0f 22 c0 | mov cr0,eax"
            })
    void thirtyTwoBitCodeReadsItsOwnWay(String hex, String expected) {
        assertEquals(expected, text(hex, 32));
    }

    @Test
    void bytesThatAreNoInstructionAreBadOneByOne() {
        Disassembler.Line line = new Disassembler().at(new byte[] {0x0f, 0x04}, 0, 64, 0);

        assertEquals(new Disassembler.Line(1, Disassembler.BAD), line);
    }

    @Test
    void anInstructionThatIsCutOffIsBad() {
        Disassembler.Line line = new Disassembler().at(new byte[] {0x48, (byte) 0xb8}, 0, 64, 0);

        assertEquals(Disassembler.BAD, line.text());
    }
}
