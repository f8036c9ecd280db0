package straddle.core.user;

/// Kinds of access to a program's memory.
public enum Access {
    LOAD,
    STORE,
    FETCH
}
