package straddle.tcg.machine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import straddle.tcg.Cpu;

/// A static method of up to three numbers, maybe a constant, and the CPU, for what compiled code leaves to Java.
///
/// It is looked up when it is first needed, which is rare.
final class JavaFunction {
    private static final MethodType CALLED =
            MethodType.methodType(long.class, long.class, long.class, long.class, Cpu.class);

    private final String owner;
    private final String name;
    private final String descriptor;
    private final int constant;
    private MethodHandle handle;

    /// @param constant what an int among the parameters is
    JavaFunction(String owner, String name, String descriptor, int constant) {
        this.owner = owner;
        this.name = name;
        this.descriptor = descriptor;
        this.constant = constant;
    }

    /// Calls it; what there are no parameters for is not looked at.
    long call(long x, long y, long z, Cpu cpu) {
        try {
            if (handle == null) {
                handle = find();
            }
            return (long) handle.invokeExact(x, y, z, cpu);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(owner + "." + name + descriptor, e);
        }
    }

    private MethodHandle find() throws ReflectiveOperationException {
        ClassLoader loader = JavaFunction.class.getClassLoader();
        MethodType type = MethodType.fromMethodDescriptorString(descriptor, loader);
        MethodHandle found =
                MethodHandles.lookup()
                        .findStatic(
                                Class.forName(owner.replace('/', '.'), true, loader), name, type);
        int numbers = descriptor.lastIndexOf('J', descriptor.indexOf('L'));
        if (descriptor.charAt(numbers + 1) == 'I') {
            found = MethodHandles.insertArguments(found, numbers, constant);
        }
        for (int i = numbers; i < CALLED.parameterCount() - 1; i++) {
            found = MethodHandles.dropArguments(found, i, long.class);
        }
        return found.asType(CALLED);
    }
}
