"""What somebody can do who runs code in a process: make a call in it, or take its descriptors. By
ptrace(2) and pidfd_getfd(2), for tests that are root."""

import ctypes
import os
import platform
import socket
import struct
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_ATTACH, PTRACE_DETACH = 12, 13, 16, 17
SYS_PIDFD_GETFD = 438
TRIES = 200  # of one that runs at the moment; it waits soon
SYSCALL = 2  # bytes of the instruction `syscall`

NUMBERS = {"read": 0, "mmap": 9, "mprotect": 10, "ioctl": 16, "socket": 41, "clone": 56,
           "execve": 59, "fcntl": 72, "ptrace": 101, "prctl": 157, "openat": 257, "bpf": 321,
           "io_uring_setup": 425}


class Registers(ctypes.Structure):
    """struct user_regs_struct of x86-64."""
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss"
        " fs_base gs_base ds es fs gs").split()]


def available():
    return platform.machine() == "x86_64" and os.geteuid() == 0


def ptrace(request, pid, data=None):
    LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    LIBC.ptrace.restype = ctypes.c_long
    if LIBC.ptrace(request, pid, None, data) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def stop_in_a_call(pid):
    """Attaches, and gives the registers of a process that waits in a system call."""
    for _ in range(TRIES):
        registers = Registers()
        ptrace(PTRACE_ATTACH, pid)
        os.waitpid(pid, 0)
        ptrace(PTRACE_GETREGS, pid, ctypes.byref(registers))
        if registers.orig_rax < 1 << 63:
            return registers
        ptrace(PTRACE_DETACH, pid)  # it shall not stand still for ever
        time.sleep(0.05)
    raise RuntimeError("it was in no system call")


def call(pid, name, *args):
    """Makes a process that waits in a system call do this one in its place, and lets it go."""
    registers = stop_in_a_call(pid)
    registers.rip -= SYSCALL
    registers.orig_rax = (1 << 64) - 1  # so that the old one is not begun again
    registers.rax = NUMBERS[name]
    for register, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), args):
        setattr(registers, register, value & ((1 << 64) - 1))
    ptrace(PTRACE_SETREGS, pid, ctypes.byref(registers))
    ptrace(PTRACE_DETACH, pid)


def channels(pid):
    """Descriptors of a process that are local sockets, in order: its channel to main first."""
    with open("/proc/net/unix") as file:
        inodes = {line.split()[6] for line in file.readlines()[1:]}
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{fd}")
        if target.startswith("socket:[") and target[8:-1] in inodes:
            found.append(int(fd))
    return sorted(found)


def say(pid, fd, kind, body=b"", length=None):
    """Says a message in the process's name: its number, its body, a length that may be a lie."""
    pidfd = os.pidfd_open(pid)
    LIBC.syscall.restype = ctypes.c_long
    taken = LIBC.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
    os.close(pidfd)
    if taken < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    with socket.socket(fileno=taken) as channel:
        channel.sendall(struct.pack("<IHHQ", len(body) if length is None else length, kind, 0, 1)
                        + body)

