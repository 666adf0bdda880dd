# Forks twice, x86-64 Linux, System V calling convention: rdi points to a PairFork.Arguments, which see.
# PairFork.cs has it assembled; a test compares them.
    .intel_syntax noprefix
    mov r8, rdi
    mov rdi, [r8]           # clone3(outer, 88)
    mov esi, 88
    mov eax, 435
    syscall
    test rax, rax
    jnz back                # in the caller
    mov rdi, [r8+8]         # clone3(inner, 88)
    mov esi, 88
    mov eax, 435
    syscall
    test rax, rax
    jz back                 # in the second process
    mov [r8+16], rax        # the caller's memory
    js end
    mov rdi, [r8+24]        # dup3(connection, 3, 0)
    mov esi, 3
    xor edx, edx
    mov eax, 292
    syscall
    mov rdi, [r8+32]        # execveat(program, "", argv, envp, AT_EMPTY_PATH)
    mov rsi, [r8+40]
    mov rdx, [r8+48]
    mov r10, [r8+56]
    mov r8d, 0x1000
    mov eax, 322
    syscall
end:
    mov eax, 231            # exit_group(127)
    mov edi, 127
    syscall
back:
    ret
