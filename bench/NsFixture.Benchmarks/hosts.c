/* What a network of many hosts on one bridge costs in C, by system calls alone: the same namespaces, devices, addresses and states that
 * NsFixture makes, and nothing else. Usage: hosts COUNT ROUNDS; a line a round: milliseconds until it is up, and until it is gone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char message[4096];

static void fail(const char *what) { perror(what); exit(1); }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void *begin(int type, int flags, size_t size)
{
    struct nlmsghdr *h = (struct nlmsghdr *)message;
    memset(message, 0, sizeof message);
    h->nlmsg_type = type;
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    h->nlmsg_len = NLMSG_LENGTH(size);
    return NLMSG_DATA(h);
}

static struct rtattr *put(int type, const void *data, size_t size)
{
    struct nlmsghdr *h = (struct nlmsghdr *)message;
    struct rtattr *a = (struct rtattr *)(message + NLMSG_ALIGN(h->nlmsg_len));
    a->rta_type = type;
    a->rta_len = RTA_LENGTH(size);
    if (size)
        memcpy(RTA_DATA(a), data, size);
    h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
    return a;
}

static void end(struct rtattr *a) { a->rta_len = message + ((struct nlmsghdr *)message)->nlmsg_len - (char *)a; }

static void ask(int fd, const char *what)
{
    char answer[4096];
    struct nlmsghdr *h = (struct nlmsghdr *)answer;
    if (send(fd, message, ((struct nlmsghdr *)message)->nlmsg_len, 0) < 0 || recv(fd, answer, sizeof answer, 0) < 0)
        fail(what);
    int error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
    if (h->nlmsg_type != NLMSG_ERROR || error) {
        fprintf(stderr, "%s: %s\n", what, strerror(-error));
        exit(1);
    }
}

static int open_netlink(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? (fail("socket"), fd) : fd;
}

static void set_up(int fd, const char *name, int master)
{
    struct ifinfomsg *i = begin(RTM_NEWLINK, 0, sizeof *i);
    i->ifi_flags = i->ifi_change = IFF_UP;
    put(IFLA_IFNAME, name, strlen(name) + 1);
    if (master)
        put(IFLA_MASTER, &master, 4);
    ask(fd, name);
}

static void add_bridge(int fd, int index)
{
    struct ifinfomsg *i = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *i);
    i->ifi_index = index;
    put(IFLA_IFNAME, "n0", 3);
    struct rtattr *info = put(IFLA_LINKINFO, 0, 0);
    put(IFLA_INFO_KIND, "bridge", 6);
    end(info);
    ask(fd, "bridge");
}

static void add_veth(int fd, int host, int peer_namespace, char *port)
{
    unsigned char mac[6] = {2, 0, 10, 0, host >> 8, host}, peer_mac[6] = {2, 1, 10, 0, host >> 8, host};
    struct ifinfomsg *i = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *i), none = {0};
    i->ifi_index = 100;
    put(IFLA_IFNAME, "eth0", 5);
    put(IFLA_ADDRESS, mac, 6);
    struct rtattr *info = put(IFLA_LINKINFO, 0, 0);
    put(IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = put(IFLA_INFO_DATA, 0, 0), *peer = put(VETH_INFO_PEER, &none, sizeof none);
    put(IFLA_IFNAME, port, strlen(port) + 1);
    put(IFLA_ADDRESS, peer_mac, 6);
    put(IFLA_NET_NS_FD, &peer_namespace, 4);
    end(peer);
    end(data);
    end(info);
    ask(fd, "veth");
}

static void add_address(int fd, int family, const void *address, int size, int prefix)
{
    struct ifaddrmsg *a = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *a);
    a->ifa_family = family;
    a->ifa_prefixlen = prefix;
    a->ifa_index = 100;
    a->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
    put(IFA_LOCAL, address, size);
    put(IFA_ADDRESS, address, size);
    ask(fd, "address");
}

/* Link-local addresses count at once, as in NsFixture: making sure of them costs work behind the lock that all of this takes. */
static void trust_addresses(void)
{
    int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "0", 1) == 1)
        close(fd);
}

static void build(int count)
{
    if (geteuid() && unshare(CLONE_NEWUSER))
        fail("unshare user");
    if (unshare(CLONE_NEWNET))
        fail("unshare net");
    int in_switch = open_netlink(), of_switch = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), has_ipv6 = !access("/proc/self/net/if_inet6", F_OK);
    int *hosts = calloc(count, sizeof *hosts);
    add_bridge(in_switch, 100000);
    for (int host = 0; host < count; host++) {
        unsigned char four[4] = {10, 0, (host + 2) >> 8, host + 2}, six[16] = {0xfd};
        six[14] = (host + 2) >> 8;
        six[15] = host + 2;
        char port[16];
        snprintf(port, sizeof port, "h%di0", host);
        if (unshare(CLONE_NEWNET))
            fail("unshare net");
        hosts[host] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (has_ipv6)
            trust_addresses();
        int on_host = open_netlink();
        set_up(on_host, "lo", 0);
        add_veth(on_host, host, of_switch, port);
        set_up(in_switch, port, 100000);
        set_up(on_host, "eth0", 0);
        add_address(on_host, AF_INET, four, 4, 16);
        if (has_ipv6)
            add_address(on_host, AF_INET6, six, 16, 64);
        close(on_host);
    }
    set_up(in_switch, "n0", 0); /* last: it would carry all that the hosts multicast of themselves */
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    for (int round = atoi(argv[2]); round > 0; round--) {
        int built[2], go[2];
        char byte = 0;
        if (pipe2(built, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
            fail("pipe");
        double start = now();
        pid_t child = fork();
        if (child == 0) {
            build(atoi(argv[1]));
            if (write(built[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
                fail("pipe");
            _exit(0);
        }
        close(built[1]);
        if (read(built[0], &byte, 1) != 1)
            return 1;
        double up = now();
        if (write(go[1], &byte, 1) != 1)
            fail("pipe");
        waitpid(child, 0, 0);
        printf("%.3f %.3f\n", up - start, now() - up);
        close(built[0]), close(go[0]), close(go[1]);
    }
    return 0;
}
