# Process 1 of a sandbox, x86-64 Linux: reaps, reports the end of process 2, and ends with the connection at descriptor 3, or when it is
# told to and has no children any more.
# FirstProcess.cs has it assembled; a test compares them.
    .intel_syntax noprefix
    .globl _start
_start:
    mov eax, 436            # close_range(4, ~0, 0)
    mov edi, 4
    mov esi, -1
    xor edx, edx
    syscall
    mov eax, 157            # prctl(PR_SET_PDEATHSIG, SIGKILL)
    mov edi, 1
    mov esi, 9
    syscall
    mov eax, 157            # prctl(PR_SET_NAME, "nsfixture-init")
    mov edi, 15
    lea rsi, name[rip]
    syscall
    mov eax, 80             # chdir("/")
    lea rdi, root[rip]
    syscall
    push 0x10000            # the set of SIGCHLD alone
    mov eax, 14             # rt_sigprocmask(SIG_BLOCK, set, 0, 8)
    xor edi, edi
    mov rsi, rsp
    xor edx, edx
    mov r10d, 8
    syscall
    mov eax, 289            # signalfd4(-1, set, 8, SFD_NONBLOCK): 4, the first free one
    mov edi, -1
    mov rsi, rsp
    mov edx, 8
    mov r10d, 0x800
    syscall
    sub rsp, 160            # 0: pollfd of the connection, 8: of the signals, 16: what is read; 151: message, 152: wait status
    mov dword ptr [rsp], 3
    mov dword ptr [rsp+8], eax
    mov ebx, -1             # how long to wait, in milliseconds
    jmp reap                # the test may have ended before the signal was blocked
wait:
    mov dword ptr [rsp+4], 1        # POLLIN
    mov dword ptr [rsp+12], 1
    mov eax, 7              # poll(fds, 2, -1)
    mov rdi, rsp
    mov esi, 2
    mov edx, ebx
    syscall
    test eax, eax
    jz end                  # it has waited long enough
    js wait
    cmp word ptr [rsp+6], 0
    je signals
    mov eax, 45             # recvfrom(connection, buffer, 128, MSG_DONTWAIT, 0, 0)
    mov edi, 3
    lea rsi, [rsp+16]
    mov edx, 128
    mov r10d, 0x40
    xor r8d, r8d
    xor r9d, r9d
    syscall
    test eax, eax
    jle end                 # the connection has ended
    mov ebx, 500            # ControlKind.Finish: it ends when all its children have, or after half a second
signals:
    xor eax, eax            # read(signals, buffer, 128)
    mov edi, dword ptr [rsp+8]
    lea rsi, [rsp+16]
    mov edx, 128
    syscall
reap:
    mov eax, 61             # wait4(-1, status, WNOHANG, 0)
    mov edi, -1
    lea rsi, [rsp+152]
    mov edx, 1
    xor r10d, r10d
    syscall
    test eax, eax
    jz wait
    jg reaped
    cmp ebx, -1             # no children
    jne end
    jmp wait
reaped:
    cmp eax, 2              # its first child is the test
    jne reap
    mov byte ptr [rsp+151], 11      # ControlKind.TestEnded
    mov eax, 44             # sendto(connection, message, 5, MSG_NOSIGNAL, 0, 0)
    mov edi, 3
    lea rsi, [rsp+151]
    mov edx, 5
    mov r10d, 0x4000
    xor r8d, r8d
    xor r9d, r9d
    syscall
    jmp reap
end:
    mov eax, 231            # exit_group(0)
    xor edi, edi
    syscall
name: .asciz "nsfixture-init"
root: .asciz "/"
