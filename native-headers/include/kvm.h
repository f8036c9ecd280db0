/* The KVM interface of a Linux x86-64 host. */
#include <linux/kvm.h>
#include <linux/kvm_para.h>
