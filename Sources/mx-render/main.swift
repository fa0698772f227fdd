import Glibc
import MxCLI
import MxTools

exit(runTool(RenderCommand.self))
