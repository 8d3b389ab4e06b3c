import ajvCompiler from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type Factories = Required<
  NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
>

/**
 * The framework's own compilers of schemas, which compile each when the first request needs it. Compiling all of them took more than
 * half of a server's start, most of it for answers that a process may never give.
 */
export function lazyCompilers(): Factories {
  const [buildValidator, buildSerializer] = [ajvCompiler(), SerializerSelector()]
  return {
    buildValidator: ((...shared: Parameters<typeof buildValidator>) => {
      const compiler = once(() => buildValidator(...shared))
      return (route: Parameters<ReturnType<typeof buildValidator>>[0]) => {
        const validator = once(() => compiler()(route))
        return (data: unknown) => validator()(data) === true || { error: validator().errors }
      }
    }) as Factories['buildValidator'],
    buildSerializer: (...shared) => {
      const compiler = once(() => buildSerializer(...shared))
      return (route) => {
        const serializer = once(() => compiler()(route))
        return (data) => serializer()(data)
      }
    },
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
