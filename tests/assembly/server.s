# The assembly version: it receives one message on port 8080 and prints it,
# by the calls that a tutorial makes, without a C library, on x86-64 Linux.
#
# It checks no result, so do not use it. ../program/assembly_test.c shows
# what goes wrong, and src/README.md explains it.
#
# The number of a call goes in rax, its arguments in rdi, rsi, rdx, r10, r8 and
# r9, in this order. `syscall` makes the call. Its result comes back in rax: a
# failure is the negative errno. It also overwrites rcx and r11.

	.intel_syntax noprefix

	.data
address:				# struct sockaddr_in, 16 bytes
	.short	2			# sin_family: AF_INET
	.byte	0x1f, 0x90		# sin_port: 8080, its high byte first
	.byte	0, 0, 0, 0		# sin_addr: 0.0.0.0, any address
	.zero	8			# padding

	.bss
others:					# what else a program keeps in memory
	.skip	128
buffer:					# char buffer[128];
	.skip	128
listener:				# long listener;
	.skip	8
connection:				# long connection;
	.skip	8

	.text
	.globl	_start
_start:
	# listener = socket(AF_INET, SOCK_STREAM, 0);
	mov	rax, 41
	mov	rdi, 2			# AF_INET
	mov	rsi, 1			# SOCK_STREAM
	mov	rdx, 0
	syscall
	mov	[listener], rax

	# bind(listener, &address, sizeof(address));
	mov	rax, 49
	mov	rdi, [listener]
	lea	rsi, [address]
	mov	rdx, 16
	syscall

	# listen(listener, 5);
	mov	rax, 50
	mov	rdi, [listener]
	mov	rsi, 5
	syscall

	# connection = accept(listener, NULL, NULL);
	mov	rax, 43
	mov	rdi, [listener]
	mov	rsi, 0
	mov	rdx, 0
	syscall
	mov	[connection], rax

	# length = recvfrom(connection, buffer, 128, 0, NULL, NULL);
	mov	rax, 45
	mov	rdi, [connection]
	lea	rsi, [buffer]
	mov	rdx, 128
	mov	r10, 0
	mov	r8, 0
	mov	r9, 0
	syscall

	# buffer[length] = '\0';
	mov	byte ptr [buffer + rax], 0

	# write(1, buffer, length);
	mov	rdx, rax
	mov	rax, 1
	mov	rdi, 1			# standard output
	lea	rsi, [buffer]
	syscall

	# close(connection);
	mov	rax, 3
	mov	rdi, [connection]
	syscall

	# close(listener);
	mov	rax, 3
	mov	rdi, [listener]
	syscall

	# _exit(0);
	mov	rax, 60
	mov	rdi, 0
	syscall

	.section .note.GNU-stack, "", @progbits	# no code on the stack
