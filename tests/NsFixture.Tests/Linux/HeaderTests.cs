using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Tests.Linux;

public class HeaderTests
{
    private static IEnumerable<(Type Type, CHeaderAttribute Header)> Declared =>
        from type in typeof(CHeaderAttribute).Assembly.GetTypes()
        let header = type.GetCustomAttribute<CHeaderAttribute>()
        where header != null
        select (type, header);

    [Fact]
    public void Every_constant_size_and_offset_is_what_the_C_headers_say()
    {
        // One program for each header: some kernel and libc headers cannot be included together.
        int checkedCount = 0;
        foreach (var group in Declared.GroupBy(d => d.Header.Header))
        {
            var program = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n");
            if (group.Key is "linux/netlink.h" or "net/if.h")
                program.AppendLine("#include <sys/socket.h>");
            if (group.Key == "linux/netfilter/nfnetlink.h")
                program.AppendLine("#include <linux/netlink.h>");
            if (group.Key == "asm-generic/unistd.h")
                program.AppendLine("#define __ARCH_WANT_SYS_CLONE3"); // as arm64's own header does
            program.AppendLine($"#include <{group.Key}>");
            foreach (var (type, header) in group)
                checkedCount += type.IsValueType ? AssertLayout(type, header.CName!, program) : AssertConstants(type, program);
            Compile(group.Key, program.ToString());
        }
        Assert.True(checkedCount > 100, $"only {checkedCount} facts were checked");
    }

    [Fact]
    public void A_wrong_constant_is_found() =>
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Compile("errno.h", "#include <errno.h>\n_Static_assert(EPERM == 2, \"EPERM\");\n"));

    private static int AssertConstants(Type type, StringBuilder program)
    {
        int count = 0;
        foreach (FieldInfo field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(f => f.IsLiteral))
        {
            program.AppendLine($"_Static_assert((long long)({field.Name}) == {field.GetRawConstantValue()}LL, \"{field.Name}\");");
            count++;
        }
        return count;
    }

    private static int AssertLayout(Type type, string name, StringBuilder program)
    {
        int count = 1;
        program.AppendLine($"_Static_assert(sizeof({name}) == {Marshal.SizeOf(type)}, \"sizeof {name}\");");
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public))
        {
            program.AppendLine($"_Static_assert(offsetof({name}, {field.Name}) == {Marshal.OffsetOf(type, field.Name)}, \"{name}.{field.Name}\");");
            count++;
        }
        return count;
    }

    private static void Compile(string header, string program)
    {
        using var compiler = Process.Start(new ProcessStartInfo("cc", "-std=gnu11 -fsyntax-only -x c -")
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        compiler.StandardInput.Write(program);
        compiler.StandardInput.Close();
        string errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        Assert.True(compiler.ExitCode == 0, $"<{header}>: {errors}");
    }
}
