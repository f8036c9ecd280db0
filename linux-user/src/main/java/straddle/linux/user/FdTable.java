package straddle.linux.user;

import java.util.Arrays;

/// A process's descriptors. Any thread.
final class FdTable {
    private OpenFile[] files = new OpenFile[32];
    private boolean[] closedOnExec = new boolean[32];
    private int limit = 1024;

    FdTable() {}

    synchronized void limit(int most) {
        limit = Math.max(0, most);
    }

    synchronized int limit() {
        return limit;
    }

    synchronized OpenFile get(int fd) {
        return fd >= 0 && fd < files.length ? files[fd] : null;
    }

    /// The same with one user more, so that no other thread's close(2) comes in between.
    synchronized OpenFile retain(int fd) {
        OpenFile file = get(fd);
        return file == null ? null : file.retain();
    }

    /// The lowest free number from one on, or minus EMFILE.
    synchronized int add(OpenFile file, boolean cloexec, int from) {
        for (int fd = Math.max(0, from); fd < limit; fd++) {
            if (fd >= files.length || files[fd] == null) {
                put(fd, file, cloexec);
                return fd;
            }
        }
        return -Errno.EMFILE;
    }

    /// @return what was there, or null
    synchronized OpenFile put(int fd, OpenFile file, boolean cloexec) {
        if (fd >= files.length) {
            int length = Math.max(fd + 1, files.length * 2);
            files = Arrays.copyOf(files, length);
            closedOnExec = Arrays.copyOf(closedOnExec, length);
        }
        OpenFile before = files[fd];
        files[fd] = file;
        closedOnExec[fd] = cloexec;
        return before;
    }

    /// @return what was there, or null
    synchronized OpenFile remove(int fd) {
        OpenFile file = get(fd);
        if (file != null) {
            files[fd] = null;
        }
        return file;
    }

    /// Takes a file away unless another one is there by now.
    synchronized boolean remove(int fd, OpenFile file) {
        boolean there = get(fd) == file;
        if (there) {
            files[fd] = null;
        }
        return there;
    }

    synchronized boolean isClosedOnExec(int fd) {
        return fd >= 0 && fd < files.length && closedOnExec[fd];
    }

    synchronized void closeOnExec(int fd, boolean cloexec) {
        closedOnExec[fd] = cloexec;
    }

    /// A forked child's.
    synchronized FdTable copy() {
        FdTable copy = new FdTable();
        copy.limit = limit;
        copy.files = files.clone();
        copy.closedOnExec = closedOnExec.clone();
        for (OpenFile file : files) {
            if (file != null) {
                file.retain();
            }
        }
        return copy;
    }

    /// @param all or those only that execve(2) closes
    void closeAll(boolean all) {
        for (int fd = 0; fd < length(); fd++) {
            if (all || isClosedOnExec(fd)) {
                OpenFile file = remove(fd);
                if (file != null) {
                    file.release();
                }
            }
        }
    }

    synchronized int length() {
        return files.length;
    }
}
