//! Operators whose parameters stand in relations that a schema cannot say.

/// Makes `$operator` an operator with the derived parameters `$params`; `$params::relations` is asked whenever they are read, so
/// that a fault is found before anything runs.
macro_rules! checked {
    ($operator:ident($params:ident)) => {
        impl voxloom_sdk::params::ParamType for $operator {
            fn schema() -> voxloom_sdk::Json {
                <$params as voxloom_sdk::params::ParamType>::schema()
            }

            fn parse(json: &voxloom_sdk::Json) -> voxloom_sdk::Result<Self> {
                let params = <$params as voxloom_sdk::params::ParamType>::parse(json)?;
                params.relations()?;
                Ok(Self(params))
            }

            fn to_json(&self) -> voxloom_sdk::Json {
                voxloom_sdk::params::ParamType::to_json(&self.0)
            }
        }

        impl voxloom_sdk::params::Params for $operator {
            const ABOUT: &'static str = <$params as voxloom_sdk::params::Params>::ABOUT;
        }
    };
}

pub(crate) use checked;
