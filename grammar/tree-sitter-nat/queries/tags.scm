; What a file declares, for lists of symbols.

(architecture name: (identifier) @name) @definition.class
(optimizer name: (identifier) @name) @definition.class
(morphism name: (identifier) @name) @definition.function
(composite name: (identifier) @name) @definition.function
(system name: (identifier) @name) @definition.module
(cone name: (identifier) @name) @definition.module
(def name: (identifier) @name) @definition.function
(data_name name: (identifier) @name) @definition.constant
(source_file (let name: (identifier) @name) @definition.constant)

(instance name: (identifier) @name) @reference.class
(call function: (identifier) @name) @reference.call
