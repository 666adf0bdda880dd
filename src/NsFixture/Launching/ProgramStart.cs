namespace NsFixture.Launching;

/// <summary>A program to be started on a host, as init is told.</summary>
/// <param name="Argv">The program, searched for in PATH of <paramref name="Envp"/>, and its arguments.</param>
/// <param name="Envp">NAME=value.</param>
/// <param name="Directory">Its working directory.</param>
/// <param name="User">Whom it runs as; null: uid 0.</param>
/// <param name="ChosenVariables">The names of variables that a user does not change: they were set, or left out, for this program.</param>
/// <param name="EndsWithCaller">Whether it is killed when the connection ends that it was asked for by.</param>
internal sealed record ProgramStart(string[] Argv, string[] Envp, string Directory, string? User, string[] ChosenVariables, bool EndsWithCaller)
{
    public ProgramStart(HostCommand command, string[] environment, bool EndsWithCaller)
        : this([command.Program, .. command.Arguments], environment, command.WorkingDirectory, command.User, [.. command.EnvironmentVariables.Keys], EndsWithCaller)
    {
    }

    public static ProgramStart Read(ref ByteReader reader) =>
        new(reader.Strings()!, reader.Strings()!, reader.Text(), reader.String(), reader.Strings()!, reader.Boolean());

    public ByteWriter Write(ByteWriter writer) =>
        writer.Strings(Argv).Strings(Envp).String(Directory).String(User).Strings(ChosenVariables).Boolean(EndsWithCaller);
}
