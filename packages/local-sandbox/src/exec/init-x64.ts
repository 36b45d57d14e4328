/** Machine code of `init-program.ts` for x64: bytes, then what they mean. Only the first column is used. */
export const x64Code = `
                _start:
4c8b2424        mov r12,[rsp]
4c8d6c2408      lea r13,[rsp+0x8]
6a01            push 0x1
6a01            push 0x1
4889e5          mov rbp,rsp
b82e010000      mov eax,0x12e                     ; prlimit64(0, RLIMIT_CORE, {1, 1}): no core, no handler of cores
31ff            xor edi,edi
be04000000      mov esi,0x4
4889ea          mov rdx,rbp
4531d2          xor r10d,r10d
0f05            syscall
b8b4010000      mov eax,0x1b4                     ; close_range(4, all): what the host left open
bf04000000      mov edi,0x4
beffffffff      mov esi,0xffffffff
31d2            xor edx,edx
0f05            syscall
85c0            test eax,eax
780b            js refuse
b850000000      mov eax,0x50                      ; chdir
498b7d10        mov rdi,[r13+0x10]
0f05            syscall
                refuse:
e8ea000000      call report
0f889c000000    js leave
31c0            xor eax,eax                       ; read(3): one byte says go, the end says that nobody waits
bf03000000      mov edi,0x3
4889ee          mov rsi,rbp
ba01000000      mov edx,0x1
0f05            syscall
83f801          cmp eax,0x1
0f8582000000    jne leave
498b4508        mov rax,[r13+0x8]
440fb630        movzx r14d,byte [rax]
4183ee30        sub r14d,0x30
0fb65001        movzx edx,byte [rax+0x1]
83e201          and edx,0x1
b848000000      mov eax,0x48                      ; fcntl(3, F_SETFD, second digit)
bf03000000      mov edi,0x3
be02000000      mov esi,0x2
0f05            syscall
4b8d5ce508      lea rbx,[r13+r12*8+0x8]
4983c518        add r13,0x18
4f8d7cf500      lea r15,[r13+r14*8+0x0]
b838000000      mov eax,0x38                      ; clone(CLONE_VM | CLONE_VFORK | SIGCHLD)
bf11410000      mov edi,0x4111
31f6            xor esi,esi
31d2            xor edx,edx
4531d2          xor r10d,r10d
4531c0          xor r8d,r8d
0f05            syscall
85c0            test eax,eax
743f            je child
4189c4          mov r12d,eax
e876000000      call report
782c            js leave
                wait:
b83d000000      mov eax,0x3d                      ; wait4(-1)
48c7c7ffffffff  mov rdi,0xffffffffffffffff
4889ee          mov rsi,rbp
31d2            xor edx,edx
4531d2          xor r10d,r10d
0f05            syscall
83f8fc          cmp eax,0xfffffffc                ; EINTR
74e5            je wait
85c0            test eax,eax
780d            js leave
4439e0          cmp eax,r12d
75dc            jne wait
8b4500          mov eax,[rbp+0x0]
e848000000      call report
                leave:
b8e7000000      mov eax,0xe7                      ; exit_group(0)
31ff            xor edi,edi
0f05            syscall
                child:
41bcfeffffff    mov r12d,0xfffffffe
                try:
4585f6          test r14d,r14d
742a            je failed
41ffce          dec r14d
b83b000000      mov eax,0x3b                      ; execve(candidate, argv, envp)
498b7d00        mov rdi,[r13+0x0]
4c89fe          mov rsi,r15
4889da          mov rdx,rbx
0f05            syscall
4983c508        add r13,0x8
83f8fe          cmp eax,0xfffffffe                ; ENOENT
74de            je try
83f8ec          cmp eax,0xffffffec                ; ENOTDIR
74d9            je try
4189c4          mov r12d,eax
83f8f3          cmp eax,0xfffffff3                ; EACCES
74d1            je try
                failed:
4489e0          mov eax,r12d
e802000000      call report
ebb8            jmp leave
                report:
894500          mov [rbp+0x0],eax
b801000000      mov eax,0x1                       ; write(3, record, 4)
bf03000000      mov edi,0x3
4889ee          mov rsi,rbp
ba04000000      mov edx,0x4
0f05            syscall
837d0000        cmp [rbp+0x0],0x0
c3              ret
`
