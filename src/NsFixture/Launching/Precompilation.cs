using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NsFixture.Launching;

/// <summary>
/// Has the runtime compile methods in the fork server, so that no child has to: a fifth of a millisecond each, in every one.
/// It runs none of their code. What cannot be compiled is left to the child that needs it.
/// </summary>
internal static class Precompilation
{
    /// <summary>All that a type declares itself.</summary>
    public const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    // What the runtime keeps an asynchronous method in while it waits: compiled for each such method, by way of no method of the
    // method's own that could be asked for.
    private static readonly Type? Box = typeof(AsyncTaskMethodBuilder<>).GetNestedType("AsyncStateMachineBox`1", BindingFlags.NonPublic);
    private static readonly Type? NoResult = typeof(Task).Assembly.GetType("System.Threading.Tasks.VoidTaskResult");
    private static readonly Type? BuilderCore = typeof(Task).Assembly.GetType("System.Runtime.CompilerServices.AsyncMethodBuilderCore");

    /// <summary>Compiles the types' methods, and what the asynchronous ones among them wait in.</summary>
    /// <param name="types">Types; those with open type parameters are passed over.</param>
    /// <param name="limit">No further type is begun after this time.</param>
    public static void Compile(IEnumerable<Type> types, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (Type type in types.Where(t => !t.ContainsGenericParameters))
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
                return;
            Attempt(() => CompileMethods(type));
            if (type.IsAssignableTo(typeof(IAsyncStateMachine)) && !type.IsInterface)
                Attempt(() => CompileStateMachine(type));
        }
    }

    /// <summary>Does what may fail for reasons that the child which runs into them will tell better.</summary>
    public static void Attempt(Action prepare)
    {
        try
        {
            prepare();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A dependency or a function that is not there, or IL that is not valid.
        }
    }

    /// <summary>Finds the functions that the types' native methods call, but for the one that is to be noticed.</summary>
    public static void Link(IEnumerable<Type> types)
    {
        foreach (MethodInfo method in types.SelectMany(t => t.GetMethods(All)).Where(m => IsNative(m) && !SocketEngine.StartsIt(m)))
            Attempt(() => Marshal.Prelink(method));
    }

    private static bool IsNative(MethodBase method) => (method.Attributes & MethodAttributes.PinvokeImpl) != 0;

    private static void CompileMethods(Type type)
    {
        foreach (MethodBase method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
            if (!method.IsAbstract && !method.ContainsGenericParameters && !IsNative(method) && method.GetMethodBody() != null)
                Compile(method);
    }

    /// <summary>Compiles a method.</summary>
    public static void Compile(MethodBase method)
    {
        // What an interface calls has no place of its own to be called at until somebody asks for it, and PrepareMethod passes over it.
        if (method.IsVirtual)
            Attempt(() => method.MethodHandle.GetFunctionPointer());
        Type[] arguments = [.. method.DeclaringType!.GetGenericArguments(), .. method.IsGenericMethod ? method.GetGenericArguments() : []];
        Attempt(() => RuntimeHelpers.PrepareMethod(method.MethodHandle, arguments.Length == 0 ? null : [.. arguments.Select(a => a.TypeHandle)]));
    }

    private static void CompileStateMachine(Type machine)
    {
        Type? builder = machine.GetField("<>t__builder", All)?.FieldType;
        if (builder == null || Box == null || NoResult == null || BuilderCore == null)
            return;
        Type result = builder.IsGenericType ? builder.GetGenericArguments()[0] : NoResult;
        Type common = typeof(AsyncTaskMethodBuilder<>).MakeGenericType(result);
        CompileMethods(Box.MakeGenericType(result, machine));
        CompileGeneric(BuilderCore, "Start", machine);
        CompileGeneric(builder, "Start", machine);
        CompileGeneric(common, "GetStateMachineBox", machine);
        foreach (Type awaiter in machine.GetFields(All).Where(f => f.Name.StartsWith("<>u__", StringComparison.Ordinal)).Select(f => f.FieldType))
        {
            foreach (Type type in (Type[])[builder, common])
                CompileGeneric(type, "AwaitUnsafeOnCompleted", awaiter, machine);
            CompileGeneric(common, "AwaitUnsafeOnCompleted", awaiter);
        }
    }

    private static void CompileGeneric(Type type, string name, params Type[] arguments)
    {
        foreach (MethodInfo method in type.GetMethods(All).Where(m => m.Name == name && m.IsGenericMethodDefinition && m.GetGenericArguments().Length == arguments.Length))
            Compile(method.MakeGenericMethod(arguments));
    }
}
