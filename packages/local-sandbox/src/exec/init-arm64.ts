/** Machine code of `init-program.ts` for arm64: bytes, then what they mean. Only the first column is used. */
export const arm64Code = `
                _start:
f30340f9        ldr x19, [sp]
f4230091        add x20, sp, #0x8
ff4300d1        sub sp, sp, #0x10
200080d2        mov x0, #0x1
e00300a9        stp x0, x0, [sp]
a82080d2        mov x8, #0x105                    ; prlimit64(0, RLIMIT_CORE, {1, 1}): no core, no handler of cores
000080d2        mov x0, #0x0
810080d2        mov x1, #0x4
e2030091        mov x2, sp
030080d2        mov x3, #0x0
010000d4        svc #0x0
883680d2        mov x8, #0x1b4                    ; close_range(4, all): what the host left open
800080d2        mov x0, #0x4
01008012        mov w1, #0xffffffff
020080d2        mov x2, #0x0
010000d4        svc #0x0
8000f837        tbnz w0, #31, refuse
280680d2        mov x8, #0x31                     ; chdir
800a40f9        ldr x0, [x20, #16]
010000d4        svc #0x0
                refuse:
43000094        bl report
a005f837        tbnz w0, #31, leave
e80780d2        mov x8, #0x3f                     ; read(3): one byte says go, the end says that nobody waits
600080d2        mov x0, #0x3
e1030091        mov x1, sp
220080d2        mov x2, #0x1
010000d4        svc #0x0
1f0400f1        cmp x0, #0x1
c1040054        b.ne leave
800640f9        ldr x0, [x20, #8]
15004039        ldrb w21, [x0]
b5c20051        sub w21, w21, #0x30
02044039        ldrb w2, [x0, #1]
42000012        and w2, w2, #0x1
280380d2        mov x8, #0x19                     ; fcntl(3, F_SETFD, second digit)
600080d2        mov x0, #0x3
410080d2        mov x1, #0x2
010000d4        svc #0x0
970e138b        add x23, x20, x19, lsl #3
f7220091        add x23, x23, #0x8
94620091        add x20, x20, #0x18
960e158b        add x22, x20, x21, lsl #3
881b80d2        mov x8, #0xdc                     ; clone(CLONE_VM | CLONE_VFORK | SIGCHLD)
202288d2        mov x0, #0x4111
010080d2        mov x1, #0x0
020080d2        mov x2, #0x0
030080d2        mov x3, #0x0
040080d2        mov x4, #0x0
010000d4        svc #0x0
800200b4        cbz x0, child
f303002a        mov w19, w0
24000094        bl report
c001f837        tbnz w0, #31, leave
                wait:
882080d2        mov x8, #0x104                    ; wait4(-1)
00008092        mov x0, #0xffffffffffffffff
e1030091        mov x1, sp
020080d2        mov x2, #0x0
030080d2        mov x3, #0x0
010000d4        svc #0x0
1f1000b1        cmn x0, #0x4                      ; EINTR
20ffff54        b.eq wait
a000f8b7        tbnz x0, #63, leave
1f00136b        cmp w0, w19
c1feff54        b.ne wait
e00340b9        ldr w0, [sp]
16000094        bl report
                leave:
c80b80d2        mov x8, #0x5e                     ; exit_group(0)
000080d2        mov x0, #0x0
010000d4        svc #0x0
                child:
33008012        mov w19, #0xfffffffe
                try:
d5010034        cbz w21, failed
b5060051        sub w21, w21, #0x1
a81b80d2        mov x8, #0xdd                     ; execve(candidate, argv, envp)
808640f8        ldr x0, [x20], #8
e10316aa        mov x1, x22
e20317aa        mov x2, x23
010000d4        svc #0x0
1f080031        cmn w0, #0x2                      ; ENOENT
00ffff54        b.eq try
1f500031        cmn w0, #0x14                     ; ENOTDIR
c0feff54        b.eq try
f303002a        mov w19, w0
1f340031        cmn w0, #0xd                      ; EACCES
60feff54        b.eq try
                failed:
e003132a        mov w0, w19
02000094        bl report
ecffff17        b leave
                report:
e00300b9        str w0, [sp]
080880d2        mov x8, #0x40                     ; write(3, record, 4)
600080d2        mov x0, #0x3
e1030091        mov x1, sp
820080d2        mov x2, #0x4
010000d4        svc #0x0
e00340b9        ldr w0, [sp]
c0035fd6        ret
`
