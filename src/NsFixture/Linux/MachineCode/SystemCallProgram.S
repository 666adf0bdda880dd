# Makes the system calls that are listed in its data, x86-64 Linux, and so becomes another program in the end, or ends.
# SystemCallProgram.cs has it assembled and describes the data; a test compares them.
# rbp: the data; rbx: the call it is at; r14: the environment it was started with; r13: why a program was passed over.
    .intel_syntax noprefix
    .globl _start
_start:
    mov rcx, [rsp]          # argc
    lea r14, [rsp+rcx*8+16]
    mov ebp, 0x600000
    lea rbx, [rbp+64]
    xor r13d, r13d
next:
    mov rax, [rbx]
    test rax, rax
    js special
    mov rdi, [rbx+8]
    mov rsi, [rbx+16]
    mov rdx, [rbx+24]
    mov r10, [rbx+32]
    mov r8, [rbx+40]
    mov r9, [rbx+48]
    syscall
done:
    cmp rax, -4095
    jae failed
    mov rcx, [rbx+56]       # where its result is wanted
    test rcx, rcx
    jz advance
    mov [rcx], rax
advance:
    add rbx, 88
    jmp next

special:
    inc rax                 # -1: fork, and wait
    jz fork
    inc rax                 # -2: become a program
    jz become
    inc rax                 # -3: copy 32 bits
    jz copy
    inc rax                 # -4: say so, and wait to be told to go on
    jz ask
    mov eax, 2              # -5: no program was there: ENOENT, or what another was passed over for
    test r13d, r13d
    cmovnz eax, r13d
    jmp fatal
failed:
    neg eax
    cmp eax, 63
    ja fatal
    bt qword ptr [rbx+64], rax      # errors that do not matter
    jnc fatal
    cmp eax, 13             # EACCES
    cmove r13d, eax
    jmp advance

fatal:
    mov [rbp+16], rbx
    mov [rbp+24], rax
    cmp dword ptr [rbp], 0
    js tell
    call report
leave:
    mov edi, 127
exit:
    mov eax, 231            # exit_group
    syscall
tell:                       # nobody listens: in words, on standard error
    mov eax, 1
    mov edi, 2
    mov rsi, [rbx+72]
    mov rdx, [rbx+80]
    syscall
    mov eax, [rbp+24]
    lea rsi, [rbp+47]
    mov byte ptr [rsi], 10
    mov ecx, 10
digit:
    xor edx, edx
    div ecx
    add edx, 48
    dec rsi
    mov [rsi], dl
    test eax, eax
    jnz digit
    lea rdx, [rbp+48]
    sub rdx, rsi
    mov eax, 1
    mov edi, 2
    syscall
    jmp leave

report:                     # what is at 16, to whoever listens
    mov eax, 1
    mov edi, [rbp]
    test edi, edi
    js reported
    lea rsi, [rbp+16]
    mov edx, 16
    syscall
reported:
    ret

become:
    mov eax, 59             # execve(path, argv, environment)
    mov rdi, [rbx+8]
    mov rsi, [rbx+16]
    mov rdx, r14
    syscall
    jmp done
copy:
    mov rsi, [rbx+16]
    mov eax, [rsi]
    mov rdi, [rbx+8]
    mov [rdi], eax
    jmp advance
ask:
    mov qword ptr [rbp+16], -2
    call report
asked:
    xor eax, eax            # read(answers, 1)
    mov rdi, [rbx+8]
    lea rsi, [rbp+32]
    mov edx, 1
    syscall
    cmp eax, 1
    je advance
    cmp eax, -4             # EINTR
    je asked
    jmp leave               # whoever was asked has gone

fork:
    mov qword ptr [rbp+32], 0x4002  # SIGINT and SIGTERM are the child's to heed
    mov eax, 14             # rt_sigprocmask(SIG_BLOCK, set, old, 8)
    xor edi, edi
    lea rsi, [rbp+32]
    lea rdx, [rbp+48]
    mov r10d, 8
    syscall
    mov eax, 57             # fork()
    syscall
    test rax, rax
    js done
    jnz parent
    call unblock
    jmp advance
parent:
    mov r12d, eax
    mov qword ptr [rbp+16], -1
    mov [rbp+24], rax
    call report
    mov eax, 3              # close: who listens waits until the child has become its program
    mov edi, [rbp]
    syscall
wait:
    mov eax, 61             # wait4(child, status, 0, 0)
    mov edi, r12d
    lea rsi, [rbp+32]
    xor edx, edx
    xor r10d, r10d
    syscall
    cmp eax, -4
    je wait
    test eax, eax
    js leave
    mov eax, [rbp+32]
    mov edi, eax
    and edi, 127
    jnz killed
    movzx edi, ah
    jmp exit
killed:                     # by the same signal, without a memory dump of this one
    mov r12d, edi
    mov eax, 157            # prctl(PR_SET_DUMPABLE, 0)
    mov edi, 4
    xor esi, esi
    syscall
    call unblock
    mov eax, 39             # getpid()
    syscall
    mov edi, eax
    mov esi, r12d
    mov eax, 62             # kill
    syscall
    lea edi, [r12+128]
    jmp exit
unblock:
    mov eax, 14             # rt_sigprocmask(SIG_SETMASK, old, 0, 8)
    mov edi, 2
    lea rsi, [rbp+48]
    xor edx, edx
    mov r10d, 8
    syscall
    ret
